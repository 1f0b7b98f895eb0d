import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { latestClaim } from './claim.ts';
import { replaceFile } from './durable-file.ts';
import { createProcessTable, isAlive } from './process-table.ts';
import type { ContainerRecord, SandboxRecord, StateRecord } from './records.ts';
import { emptyState, readRecord } from './records.ts';
import { Harness, markedProcesses, never, shell, temporaryState } from './testing/harness.ts';

const state = temporaryState();
const table = createProcessTable();
let harness: Harness;
let count = 0;

beforeEach(() => {
  count += 1;
  harness = new Harness(state.folder, `node-${count}`);
});

afterEach(async () => {
  await harness.removeAll();
  await harness.close();
});

afterAll(() => state.remove());

function folderOf(sandboxId: string): string {
  return path.join(state.folder, 'sandboxes', sandboxId);
}

function recordOf(sandboxId: string): SandboxRecord {
  const record = readRecord<SandboxRecord>(path.join(folderOf(sandboxId), 'sandbox.json'));
  if (record === undefined) throw new Error(`no sandbox ${sandboxId}`);
  return record;
}

function stateOf(sandboxId: string): StateRecord {
  return readRecord<StateRecord>(path.join(folderOf(sandboxId), 'state.json')) ?? emptyState;
}

function shimOf(sandboxId: string): number {
  return latestClaim(folderOf(sandboxId))?.process.pid ?? 0;
}

/** Another runtime takes over, as after a restart of the daemon. */
async function restart(): Promise<void> {
  await harness.close();
  harness = new Harness(state.folder, harness.scope.node);
}

async function firstSandbox() {
  const [sandbox] = await harness.runtime.list(harness.scope, never);
  const [container] = sandbox?.containers ?? [];
  if (sandbox === undefined || container === undefined) throw new Error('nothing is listed');
  return { sandbox, container };
}

const counting = 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.01; done';

/** Lines of {@link counting} with nothing missing and nothing twice. */
function expectCounting(lines: readonly string[]): void {
  expect(lines.map(Number)).toEqual(Array.from({ length: lines.length }, (_, index) => index + 1));
}

test('a new runtime finds what runs, and learns exactly how it ends', async () => {
  const sandbox = await harness.sandbox('adopted');
  const gate = path.join(state.folder, `gate-${count}`);
  const script = `echo one; while [ ! -e ${gate} ]; do sleep 0.01; done; echo two; exit 42`;
  const started = await harness.start(sandbox, shell('main', script));
  await restart();
  const found = await firstSandbox();
  expect(found.sandbox).toMatchObject({ id: sandbox.id, ips: sandbox.ips, owner: sandbox.owner });
  expect(found.container).toEqual(started);
  expect(await harness.sandbox('adopted')).toMatchObject({ id: sandbox.id, ips: sandbox.ips });
  writeFileSync(gate, '');
  expect(await harness.exit(sandbox, started)).toMatchObject({ exitCode: 42, reason: 'Error' });
  expect(await harness.log(sandbox, started)).toEqual(['one', 'two']);
});

test('what ends while no daemon is there has its exit code all the same', async () => {
  const sandbox = await harness.sandbox('alone');
  const gate = path.join(state.folder, `gate-${count}`);
  const container = await harness.start(
    sandbox,
    shell('main', `while [ ! -e ${gate} ]; do sleep 0.01; done; exit 6`),
  );
  await harness.close();
  writeFileSync(gate, '');
  await vi.waitFor(() => expect(stateOf(sandbox.id).containers[0]?.settled).toBe(true), 10_000);
  harness = new Harness(state.folder, harness.scope.node);
  expect(await harness.exit(sandbox, container)).toMatchObject({ exitCode: 6, reason: 'Error' });
});

test('a daemon killed with kill -9 costs no line of the log and no container', async () => {
  const entry = fileURLToPath(new URL('./testing/daemon.ts', import.meta.url));
  const daemon = spawn(process.execPath, [entry, state.folder, harness.scope.node, 'survivor', counting], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(daemon.stdout, 'data');
  daemon.kill('SIGKILL');
  await once(daemon, 'exit');
  await restart();
  const { sandbox, container } = await firstSandbox();
  expect(container.state.kind).toBe('running');
  expectCounting(await harness.log(sandbox, container, {}, /^30$/));
  await harness.stop(sandbox, container, 10);
  expect(await harness.exit(sandbox, container)).toMatchObject({ exitCode: 143, signal: 15 });
});

test('a shim killed with kill -9 is replaced: the container goes on, with its log, exec and stop', async () => {
  const sandbox = await harness.sandbox('shimless');
  const env = [{ name: 'KEPT', value: 'ä', secret: true }];
  const container = await harness.start(sandbox, shell('main', counting, { env }));
  await harness.log(sandbox, container, {}, /^10$/);
  const lost = shimOf(sandbox.id);
  process.kill(lost, 'SIGKILL');
  const reached = await harness.log(sandbox, container, {}, /^40$/);
  expectCounting(reached);
  expect(shimOf(sandbox.id)).not.toBe(lost);
  expect(await harness.exec(sandbox, container, ['sh', '-c', 'echo $KEPT'])).toMatchObject({ output: 'ä\n' });
  await harness.stop(sandbox, container, 10);
  expect(await harness.exit(sandbox, container)).toMatchObject({
    exitCode: 137,
    reason: 'ContainerStatusUnknown',
  });
  const next = await harness.start(sandbox, shell('main', 'exit 1'), 1);
  expect(await harness.exit(sandbox, next)).toMatchObject({ exitCode: 1 });
  expect(await harness.sandbox('shimless')).toMatchObject({ ips: sandbox.ips });
});

test('a sandbox whose shim and containers are dead is listed as it is, and its exit codes as unknown', async () => {
  const sandbox = await harness.sandbox('all-dead');
  await harness.start(sandbox, shell('main', 'sleep 100'));
  await harness.close();
  const { mark } = recordOf(sandbox.id);
  for (const pid of [shimOf(sandbox.id), ...markedProcesses(mark)]) process.kill(pid, 'SIGKILL');
  await vi.waitFor(() => expect(markedProcesses(mark)).toEqual([]), 10_000);
  const looker = new Harness(state.folder, 'another-node');
  const listed = await looker.runtime.list(harness.scope, never);
  await looker.close();
  expect(listed[0]?.containers[0]?.state).toMatchObject({
    kind: 'exited',
    result: { exitCode: 137, reason: 'ContainerStatusUnknown' },
  });
  harness = new Harness(state.folder, harness.scope.node);
  const { container } = await firstSandbox();
  expect(await harness.exit(sandbox, container)).toMatchObject({ reason: 'ContainerStatusUnknown' });
});

test('a process that merely got the pid of a container is never touched', async () => {
  const bystander = spawn('sleep', ['100'], { detached: true, stdio: 'ignore' });
  try {
    const sandbox = await harness.sandbox('reused');
    const container = await harness.start(sandbox, shell('main', 'sleep 100'));
    await harness.close();
    const folder = folderOf(sandbox.id);
    for (const pid of markedProcesses(recordOf(sandbox.id).mark)) process.kill(pid, 'SIGKILL');
    const before = stateOf(sandbox.id);
    const real = table.read(bystander.pid ?? 0);
    if (real === undefined) throw new Error('the bystander does not run');
    const forged = { pid: real.id.pid, start: before.containers[0]?.process?.start ?? '' };
    const containers = before.containers.map(
      (record): ContainerRecord => ({ ...record, process: forged, killAt: 1 }),
    );
    replaceFile(path.join(folder, 'state.json'), JSON.stringify({ ...before, containers }));

    harness = new Harness(state.folder, harness.scope.node);
    expect(await harness.exit(sandbox, container)).toMatchObject({ reason: 'ContainerStatusUnknown' });
    await harness.stop(sandbox, container, 0);
    await harness.runtime.removeSandbox(sandbox.id, never);
    expect(isAlive(table, real.id)).toBe(true);
  } finally {
    bystander.kill('SIGKILL');
  }
});

test('a crash in the middle of createSandbox leaves a folder that is listed, completed and removed', async () => {
  await harness.close();
  const spec = harness.spec('halfway');
  harness = new Harness(state.folder, harness.scope.node);
  const template = await harness.sandbox('halfway');
  const record = recordOf(template.id);
  await harness.runtime.removeSandbox(template.id, never);
  await harness.close();
  mkdirSync(folderOf(template.id), { mode: 0o700 });
  writeFileSync(path.join(folderOf(template.id), 'sandbox.json'), JSON.stringify(record));

  const looker = new Harness(state.folder, 'another-node');
  expect(await looker.runtime.list(harness.scope, never)).toMatchObject([
    { id: record.id, owner: spec.owner, ips: [] },
  ]);
  await looker.close();
  harness = new Harness(state.folder, harness.scope.node);
  expect(await harness.sandbox('halfway')).toMatchObject({ id: record.id, ips: [expect.any(String)] });
});

test('a run that a killed shim had begun but not written down is found by its marker', async () => {
  const sandbox = await harness.sandbox('intent');
  const container = await harness.start(sandbox, shell('main', 'echo up; sleep 100'));
  await harness.log(sandbox, container, {}, /up/);
  await harness.close();
  process.kill(shimOf(sandbox.id), 'SIGKILL');
  const before = stateOf(sandbox.id);
  const [{ process: leader, ...intent } = {} as ContainerRecord] = before.containers;
  const neverRan: ContainerRecord = { ...intent, id: `${intent.id}x`, name: 'never', run: 1 };
  const after: StateRecord = { ...before, containers: [intent, neverRan] };
  replaceFile(path.join(folderOf(sandbox.id), 'state.json'), JSON.stringify(after));

  harness = new Harness(state.folder, harness.scope.node);
  const again = await harness.start(sandbox, shell('main', 'echo again'));
  expect(again).toMatchObject({ id: container.id, state: { kind: 'running' } });
  expect(stateOf(sandbox.id).containers).toMatchObject([{ id: container.id, process: leader }]);
  expect((await harness.sandbox('intent')).containers).toHaveLength(1);
});

test('a removal that a crash interrupted is finished by the next runtime', async () => {
  const sandbox = await harness.sandbox('interrupted');
  await harness.start(sandbox, shell('main', 'sleep 100'));
  const { mark } = recordOf(sandbox.id);
  await harness.close();
  writeFileSync(path.join(folderOf(sandbox.id), 'removing'), '');
  harness = new Harness(state.folder, harness.scope.node);
  await harness.gone(sandbox);
  expect(markedProcesses(mark)).toEqual([]);
  expect(existsSync(folderOf(sandbox.id))).toBe(false);
});

test('several runtimes on one folder share one shim per sandbox', async () => {
  const others = Array.from({ length: 3 }, () => new Harness(state.folder, harness.scope.node));
  try {
    const sandboxes = await Promise.all([harness, ...others].map((each) => each.sandbox('shared')));
    expect(new Set(sandboxes.map(({ id, ips }) => `${id} ${ips}`)).size).toBe(1);
    const { mark, id } = recordOf(sandboxes[0]?.id ?? '');
    await harness.until('the losers to leave', () => markedProcesses(mark).length === 1 || undefined);
    expect(markedProcesses(mark)).toEqual([shimOf(id)]);
  } finally {
    await Promise.all(others.map((other) => other.close()));
  }
});

test('secrets are in no file of the state folder', async () => {
  const sandbox = await harness.sandbox('secret');
  const env = [{ name: 'TOKEN', value: 'correct-horse-battery', secret: true }];
  await harness.start(sandbox, shell('main', 'sleep 100', { env }));
  const found = execFileSync('sh', [
    '-c',
    'grep -rl "$1" "$2" || true',
    'sh',
    'correct-horse-battery',
    folderOf(sandbox.id),
  ]);
  expect(found.toString()).toBe('');
  expect(readFileSync(path.join(folderOf(sandbox.id), 'shim.log'), 'utf8')).toBe('');
});
