import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { plainContainer, plainSpec } from '../contract/conformance/plain-spec.ts';
import { createDockerRuntime } from './create-runtime.ts';
import { containerName, sandboxIdOf, sandboxName } from './pod/labels.ts';
import { fail, runs, SmallEngine } from './testing/small-engine.ts';

const never = new AbortController().signal;
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const owner = { clusterUid: 'c', node: 'n', namespace: 'ns', name: 'pod', podUid: 'uid', attempt: 0 };
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function engineWith(start: SmallEngine['startOf']['container']) {
  const engine = await SmallEngine.listen();
  engine.startOf.container = start;
  const stateDir = mkdtempSync(path.join(tmpdir(), 'burstlet-starts-'));
  const runtime = createDockerRuntime({ options: { host: engine.host }, log: silent, stateDir });
  cleanups.push(
    () => rmSync(stateDir, { recursive: true }),
    () => engine.close(),
    () => runtime.close(),
  );
  const sandbox = await runtime.createSandbox(plainSpec(owner, []), 'token', never);
  const run = () => runtime.startContainer(sandbox.id, plainContainer('main', 'app'), 0, never);
  return { engine, runtime, sandboxId: sandbox.id, containers: engine.containers, run };
}

/** As dockerd 20.10 says that the program of its low-level runtime is missing. */
const brokenRuntime =
  'failed to create shim task: OCI runtime create failed: unable to retrieve OCI runtime error (open /x/log.json: no such file or directory): fork/exec /x/runc: no such file or directory: unknown';

test.each([
  [500, 'mkdir /var/lib/docker/overlay2/x: no space left on device'],
  [500, 'failed to create shim task: OCI runtime create failed: write: no space left on device'],
  [500, 'context deadline exceeded'],
  [400, brokenRuntime],
  [404, 'No such container: burstlet-sandbox'],
])(
  'an engine in trouble (%i %s) rejects the start, and the next one begins afresh',
  async (status, message) => {
    let trouble = true;
    const { containers, run } = await engineWith((container, response) => {
      container.error = message;
      if (trouble) return fail(response, status, message);
      runs(container, response);
    });
    await expect(run()).rejects.toMatchObject({ kind: 'Retryable', reason: 'RunContainerError' });
    expect([...containers.values()].map(({ labels }) => labels['burstlet.dev/role'])).toEqual(['sandbox']);
    trouble = false;
    expect((await run()).state.kind).toBe('running');
  },
);

test('what the low-level runtime refuses has ended with StartError, also where the engine does not note why', async () => {
  const message = 'runc: exec: "/x": permission denied: OCI permission denied';
  const { engine, run, runtime } = await engineWith((_, response) => fail(response, 500, message));
  const result = { reason: 'StartError', exitCode: 128, message };
  expect(await run()).toMatchObject({ state: { kind: 'exited', result } });
  const [listed] = await runtime.list(owner, never);
  expect(listed?.containers).toMatchObject([{ state: { kind: 'exited', result } }]);
  await run();
  expect(engine.requests.filter((request) => request.endsWith('-main-0/start'))).toHaveLength(1);
});

test('a start that fails though the program has run does not run it again', async () => {
  const { containers, run } = await engineWith((container, response) => {
    container.status = 'exited';
    fail(response, 500, 'read /proc/7/cgroup: no such process');
  });
  expect(await run()).toMatchObject({ state: { kind: 'exited' } });
  expect(containers.size).toBe(2);
});

test('a sandbox that does not run is started, once', async () => {
  let asleep = true;
  const { engine, run } = await engineWith((container, response) => {
    if (asleep) {
      asleep = false;
      return fail(response, 409, 'cannot join network of a non running container: x');
    }
    runs(container, response);
  });
  expect((await run()).state.kind).toBe('running');
  expect(engine.requests.filter((line) => line.endsWith('/start'))).toHaveLength(4);
});

test('a start that was refused by the low-level runtime is a run that has ended', async () => {
  const { run } = await engineWith((container, response) => {
    container.error = 'OCI runtime create failed: exec: "x": executable file not found in $PATH: unknown';
    fail(response, 400, container.error);
  });
  expect((await run()).state).toMatchObject({
    kind: 'exited',
    result: { exitCode: 128, reason: 'StartError' },
  });
});

test('a sandbox for which the engine has no working runtime is tried again', async () => {
  const { engine, runtime } = await engineWith(runs);
  const other = plainSpec({ ...owner, podUid: 'other' }, []);
  engine.startOf.sandbox = (_, response) => fail(response, 400, brokenRuntime);
  await expect(runtime.createSandbox(other, 'other', never)).rejects.toMatchObject({ kind: 'Retryable' });
  engine.startOf.sandbox = runs;
  await runtime.createSandbox(other, 'other', never);
  expect(engine.containers.get(sandboxName(sandboxIdOf('other')))?.status).toBe('running');
});

test('a container of somebody else is not taken for ours because of its name', async () => {
  const { engine, runtime, sandboxId, run } = await engineWith(runs);
  const foreign = { labels: {}, status: 'created', error: '', created: '2026-01-01T00:00:00Z' };
  engine.containers.set(containerName(sandboxId, 'main', 0), foreign);
  await expect(run()).rejects.toMatchObject({ kind: 'Retryable', reason: 'CreateContainerError' });
  engine.containers.set(sandboxName(sandboxIdOf('other')), foreign);
  const other = plainSpec({ ...owner, podUid: 'other' }, []);
  await expect(runtime.createSandbox(other, 'other', never)).rejects.toMatchObject({ kind: 'Retryable' });
  expect(foreign.status).toBe('created');
});
