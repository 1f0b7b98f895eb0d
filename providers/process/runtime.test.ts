import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { text } from '../contract/conformance/runtime-harness.ts';
import { podIpMarker } from '../contract/pod-ips.ts';
import type { RuntimeContainer } from '../contract/runtime.ts';
import type { SandboxRecord } from './records.ts';
import { readRecord } from './records.ts';
import { command, Harness, markedProcesses, never, shell, temporaryState } from './testing/harness.ts';

const state = temporaryState();
let harness: Harness;
let count = 0;

beforeEach(() => {
  count += 1;
  harness = new Harness(state.folder, `node-${count}`, { logMaxBytes: 4_000, logMaxFiles: 3 });
});

afterEach(async () => {
  await harness.removeAll();
  await harness.close();
});

afterAll(() => state.remove());

function markOf(sandboxId: string): string {
  const record = readRecord<SandboxRecord>(path.join(state.folder, 'sandboxes', sandboxId, 'sandbox.json'));
  if (record === undefined) throw new Error(`no sandbox ${sandboxId}`);
  return record.mark;
}

function result(container: RuntimeContainer) {
  if (container.state.kind !== 'exited') throw new Error(`${container.id} runs`);
  return container.state.result;
}

describe('how a run ends', () => {
  test.each([
    ['true', 0, undefined, 'Completed'],
    ['exit 3', 3, undefined, 'Error'],
    ['kill -KILL $$', 137, 9, 'Error'],
    ['kill -SEGV $$', 139, 11, 'Error'],
  ])('%s', async (script, exitCode, signal, reason) => {
    const sandbox = await harness.sandbox('ends');
    const container = await harness.start(sandbox, shell('main', script));
    const ended = await harness.exit(sandbox, container);
    expect(ended).toMatchObject({ exitCode, reason, containerId: container.id });
    expect(ended.signal).toBe(signal);
    expect(Date.parse(ended.finishedAt)).toBeGreaterThanOrEqual(Date.parse(ended.startedAt));
  });
});

test('what cannot be started is a run that ended with StartError, in the words of a container runtime', async () => {
  const sandbox = await harness.sandbox('start-errors');
  const plain = path.join(state.folder, 'plain');
  const script = path.join(state.folder, 'script');
  writeFileSync(plain, 'true');
  writeFileSync(script, '#!/does/not/exist\n');
  chmodSync(script, 0o755);
  const cases: [ReturnType<typeof command>, string][] = [
    [command('a', ['no-such-command']), 'exec: "no-such-command": executable file not found in $PATH'],
    [command('b', ['/no/such']), 'exec: "/no/such": stat /no/such: no such file or directory'],
    [command('c', [plain]), `exec: "${plain}": permission denied`],
    [command('d', ['/tmp']), 'exec: "/tmp": is a directory'],
    [command('e', [script]), `exec "${script}": no such file or directory`],
    [
      shell('f', 'true', { workingDir: '/no/where' }),
      'chdir to workingDir ("/no/where") failed: no such file or directory',
    ],
    [command('g', []), 'no command specified: a host process has no image to take it from'],
  ];
  for (const [spec, message] of cases) {
    const container = await harness.start(sandbox, spec);
    expect(result(container)).toMatchObject({ exitCode: 128, reason: 'StartError', message });
    expect(await harness.log(sandbox, container)).toEqual([]);
  }
});

test('a container has its own environment, folder and streams, and nothing of the daemon', async () => {
  const sandbox = await harness.sandbox('environment');
  const env = [
    { name: 'with.dots-and-dashes', value: 'ü = 1\n2', secret: true },
    { name: 'HOME', value: '/somewhere', secret: false },
    { name: 'OWN_IP', value: podIpMarker, secret: false },
  ];
  const script = `
    const { env } = process;
    const closed = require('node:fs').readFileSync(0, 'utf8') === '';
    console.log(JSON.stringify({ env, cwd: process.cwd(), closed, argv: process.argv.slice(1) }));`;
  const spec = command('main', ['node', '-e', script], { env, args: ['--', 'x y'] });
  const container = await harness.start(sandbox, spec);
  const seen = JSON.parse((await harness.log(sandbox, container)).join('\n'));
  expect(seen.env).toEqual({
    'with.dots-and-dashes': 'ü = 1\n2',
    HOME: '/somewhere',
    OWN_IP: sandbox.ips[0],
    PATH: expect.stringContaining('/usr/bin:'),
    HOSTNAME: 'environment',
    POD_IP: sandbox.ips[0],
    BURSTLET_CONTAINER_ID: container.id,
  });
  expect(seen).toMatchObject({
    closed: true,
    argv: ['x y'],
    cwd: expect.stringMatching(/runs\/main-0\/work$/),
  });
});

test('output may be written through /dev/stdout, and what has no newline is marked as partial', async () => {
  const sandbox = await harness.sandbox('devices');
  const script = 'echo out > /dev/stdout; echo err > /dev/stderr; printf end';
  const container = await harness.start(sandbox, shell('main', script));
  const entries = [];
  for await (const entry of harness.entries(sandbox, container)) entries.push(entry);
  expect(
    entries.map((entry) => `${entry.stream} ${entry.partial ? 'P' : 'F'} ${text(entry)}`).sort(),
  ).toEqual(['stderr F err', 'stdout F out', 'stdout P end']);
  for (const { time } of entries) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
});

test('the same token is the same sandbox, the same run is the same container, however often and at once', async () => {
  const sandboxes = await Promise.all(Array.from({ length: 5 }, () => harness.sandbox('once')));
  const [sandbox = await harness.sandbox('once')] = sandboxes;
  expect(new Set(sandboxes.map(({ id, ips }) => `${id} ${ips}`)).size).toBe(1);
  const spec = shell('main', 'echo started; sleep 100');
  const containers = await Promise.all(Array.from({ length: 5 }, () => harness.start(sandbox, spec)));
  expect(new Set(containers.map(({ id }) => id)).size).toBe(1);
  expect(markedProcesses(markOf(sandbox.id))).toHaveLength(3); // the shim, sh and sleep
  const other = harness.spec('another');
  await expect(
    harness.runtime.createSandbox(other, `${harness.scope.node}/once`, never),
  ).rejects.toMatchObject({
    kind: 'InvalidSpec',
  });
});

test('no two sandboxes have the same address', async () => {
  const sandboxes = await Promise.all(['a', 'b', 'c', 'd'].map((pod) => harness.sandbox(pod)));
  const addresses = sandboxes.flatMap(({ ips }) => ips);
  expect(new Set(addresses).size).toBe(4);
  for (const address of addresses) expect(address).toMatch(/^127\.(?!0\.)\d+\.\d+\.\d+$/);
});

describe('stop', () => {
  test('SIGTERM goes to the whole group', async () => {
    const sandbox = await harness.sandbox('polite');
    const script = 'trap "echo bye; exit 7" TERM; echo ready; sleep 100 & wait';
    const container = await harness.start(sandbox, shell('main', script));
    await harness.log(sandbox, container, {}, /ready/);
    await harness.stop(sandbox, container, 60);
    expect(await harness.exit(sandbox, container)).toMatchObject({ exitCode: 7 });
    expect(await harness.log(sandbox, container)).toEqual(['ready', 'bye']);
  });

  test('what ignores SIGTERM is killed at the end of the grace period, children and escaped ones too', async () => {
    const sandbox = await harness.sandbox('stubborn');
    const script =
      'trap "" TERM; setsid sh -c "trap \\"\\" TERM; echo child; sleep 100" & sh -c "sleep 100" & echo parent; wait';
    const container = await harness.start(sandbox, shell('main', script));
    const ready = new Set<string>();
    for await (const entry of harness.entries(sandbox, container))
      if (ready.add(text(entry)).size === 2) break;
    await harness.stop(sandbox, container, 1_000);
    await harness.stop(sandbox, container, 0.05); // may shorten
    await harness.stop(sandbox, container, 1_000); // may not lengthen
    expect(await harness.exit(sandbox, container)).toMatchObject({ exitCode: 137, signal: 9 });
    expect(markedProcesses(markOf(sandbox.id))).toHaveLength(1); // the shim
  });

  test('what the first process leaves behind ends with it', async () => {
    const sandbox = await harness.sandbox('leftovers');
    const script = 'sleep 100 & setsid sleep 100 & (trap "" TERM; sleep 100) & exit 5';
    const container = await harness.start(sandbox, shell('main', script));
    expect(await harness.exit(sandbox, container)).toMatchObject({ exitCode: 5 });
    expect(markedProcesses(markOf(sandbox.id))).toHaveLength(1);
  });
});

describe('logs', () => {
  test('rotation keeps the newest segments; tail, since and follow see one log', async () => {
    const sandbox = await harness.sandbox('rotation');
    const gate = path.join(state.folder, `gate-${count}`);
    const script = `seq -f 'line %04g' 1 500; while [ ! -e ${gate} ]; do sleep 0.01; done; echo last`;
    const container = await harness.start(sandbox, shell('main', script));
    await harness.log(sandbox, container, {}, /0500/);
    const log = path.join(state.folder, 'sandboxes', sandbox.id, 'runs', 'main-0', 'log');
    expect(readdirSync(log)).toHaveLength(3);
    for (const file of readdirSync(log))
      expect(readFileSync(path.join(log, file)).length).toBeLessThanOrEqual(4_000);

    const now = await harness.log(sandbox, container, { follow: false });
    expect(now.length).toBeGreaterThan(100);
    expect(now).toEqual(lines(501 - now.length, 500));
    expect(await harness.log(sandbox, container, { follow: false, tailLines: 3 })).toEqual(lines(498, 500));
    expect(await harness.log(sandbox, container, { follow: false, tailLines: 0 })).toEqual([]);

    const followed: string[] = [];
    for await (const entry of harness.entries(sandbox, container, { tailLines: 2 })) {
      followed.push(text(entry));
      if (followed.length === 2) writeFileSync(gate, '');
    }
    expect(followed).toEqual([...lines(499, 500), 'last']);
    const since = (await harness.exit(sandbox, container)).startedAt;
    expect(await harness.log(sandbox, container, { sinceTime: since, tailLines: 1 })).toEqual(['last']);
    expect(await harness.log(sandbox, container, { sinceTime: '2100-01-01T00:00:00Z' })).toEqual([]);
  });

  test('a removed run has no log', async () => {
    const sandbox = await harness.sandbox('removed');
    const container = await harness.start(sandbox, shell('main', 'echo x; sleep 100'));
    const remove = () => harness.runtime.removeContainer(sandbox.id, container.id, never);
    await expect(remove()).rejects.toMatchObject({ kind: 'Retryable' });
    await harness.stop(sandbox, container, 1);
    await harness.exit(sandbox, container);
    await remove();
    await remove();
    await expect(harness.log(sandbox, container)).rejects.toMatchObject({ kind: 'NotFound' });
    expect((await harness.sandbox('removed')).containers).toEqual([]);
  });
});

test('stats count CPU and memory of all processes, and never fall', async () => {
  const sandbox = await harness.sandbox('stats');
  const script =
    'burn() { i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done; }; burn & wait; (burn); echo burnt; sleep 100';
  const container = await harness.start(sandbox, shell('main', script));
  let last = 0;
  const measure = async (): Promise<void> => {
    const [stats] = await harness.runtime.stats(harness.scope, never);
    const [usage] = stats?.containers ?? [];
    expect(usage?.name).toBe('main');
    expect(usage?.memoryWorkingSetBytes).toBeGreaterThan(100_000);
    expect(usage?.cpuNanoSeconds).toBeGreaterThanOrEqual(last);
    last = usage?.cpuNanoSeconds ?? 0;
  };
  await measure();
  await harness.log(sandbox, container, {}, /burnt/);
  await measure();
  expect(last).toBeGreaterThan(10_000_000);
});

test('removal leaves no process, no socket and no folder', async () => {
  const sandbox = await harness.sandbox('doomed');
  await harness.start(sandbox, shell('a', 'trap "" TERM; setsid sleep 100 & sleep 100'));
  await harness.start(sandbox, shell('b', 'sleep 100'));
  const mark = markOf(sandbox.id);
  expect(markedProcesses(mark).length).toBeGreaterThanOrEqual(4);
  await Promise.all([1, 2].map(() => harness.runtime.removeSandbox(sandbox.id, never)));
  await harness.runtime.removeSandbox(sandbox.id, never);
  expect(markedProcesses(mark)).toEqual([]);
  expect(existsSync(path.join(state.folder, 'sandboxes', sandbox.id))).toBe(false);
  await harness.gone(sandbox);
  expect(await harness.runtime.list(harness.scope, never)).toEqual([]);
});

test('capacity is that of the machine', async () => {
  const { instances, resources } = await harness.runtime.capacity(never);
  expect(instances).toBe(110);
  expect(resources.cpuMillis).toBeGreaterThanOrEqual(1_000);
  expect(resources.memoryBytes).toBeGreaterThan(1e8);
  expect(resources.ephemeralStorageBytes).toBeGreaterThan(1e8);
});

function lines(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `line ${String(from + index).padStart(4, '0')}`);
}
