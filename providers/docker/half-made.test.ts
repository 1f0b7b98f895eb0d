import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { plainContainer, plainSpec } from '../contract/conformance/plain-spec.ts';
import { createDockerRuntime } from './create-runtime.ts';
import type { DockerRuntime } from './runtime.ts';
import { fail, runs, SmallEngine } from './testing/small-engine.ts';

/** What a crash can leave of a sandbox, and what becomes of it. */

const never = new AbortController().signal;
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const owner = { clusterUid: 'c', node: 'n', namespace: 'ns', name: 'pod', podUid: 'uid', attempt: 0 };
const main = plainContainer('main', 'app');
const refusal = 'OCI runtime create failed: write /proc/self/oom_score_adj: permission denied';
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function setUp() {
  const engine = await SmallEngine.listen();
  const stateDir = mkdtempSync(path.join(tmpdir(), 'burstlet-half-'));
  cleanups.push(
    () => rmSync(stateDir, { recursive: true }),
    () => engine.close(),
  );
  /** Another daemon with the same state. */
  const daemon = (): DockerRuntime => {
    const runtime = createDockerRuntime({ options: { host: engine.host }, log: silent, stateDir });
    cleanups.push(() => runtime.close());
    return runtime;
  };
  const make = (runtime: DockerRuntime) => runtime.createSandbox(plainSpec(owner, []), 'token', never);
  return { engine, stateDir, daemon, make };
}

test('a sandbox that was made and never started is completed by the first start, and is listed all the time', async () => {
  const { engine, stateDir, daemon, make } = await setUp();
  const { id } = await make(daemon());
  const [sandbox] = engine.containers.values();
  if (sandbox === undefined) throw new Error('no sandbox');
  sandbox.status = 'created';
  const hosts = path.join(stateDir, 'sandboxes', id, 'hosts');
  rmSync(hosts);

  const next = daemon();
  expect(await next.list(owner, never)).toHaveLength(1);
  const listedMeanwhile = new Promise<number>((resolve) => {
    engine.startOf.sandbox = (container, response) =>
      void next.list(owner, never).then((listed) => {
        resolve(listed.length);
        runs(container, response);
      });
  });
  const started = next.startContainer(id, main, 0, never);
  expect(await listedMeanwhile).toBe(1);
  expect((await started).state.kind).toBe('running');
  expect(existsSync(hosts)).toBe(true);
});

test('where the OOM score may not be lowered another container takes the place of the first, which is never missing', async () => {
  const { engine, daemon, make } = await setUp();
  const atEnd: number[] = [];
  engine.startOf.sandbox = (container, response) => {
    atEnd.push(engine.containers.size);
    if (atEnd.length === 1) fail(response, 400, refusal);
    else runs(container, response);
  };
  await make(daemon());
  const writes = engine.requests.flatMap((line) => /\/(create|start|rename)\b|^DELETE/.exec(line)?.[0] ?? []);
  expect(writes).toEqual(['/create', '/start', 'DELETE', '/rename', '/create', '/start', 'DELETE']);
  expect(atEnd).toEqual([1, 2]);
  expect([...engine.containers.values()].map(({ status }) => status)).toEqual(['running']);
});

test('a crash between those two is made good by the next daemon', async () => {
  const { engine, stateDir, daemon, make } = await setUp();
  const { id } = await make(daemon());
  rmSync(path.join(stateDir, 'sandboxes', id, 'hosts'));
  const [[name = '', sandbox] = []] = engine.containers;
  if (sandbox === undefined) throw new Error('no sandbox');
  // It was set aside, and the other was never made.
  sandbox.status = 'created';
  engine.containers.delete(name);
  engine.containers.set(`${name}-aside`, sandbox);
  const next = daemon();
  expect(await next.list(owner, never)).toHaveLength(1);
  expect((await next.startContainer(id, main, 0, never)).state.kind).toBe('running');
  expect([...engine.containers.keys()]).not.toContain(`${name}-aside`);
});

test('one that was set aside and is of no use any more is removed with the next list', async () => {
  const { engine, daemon, make } = await setUp();
  await make(daemon());
  const [[name = '', sandbox] = []] = engine.containers;
  if (sandbox === undefined) throw new Error('no sandbox');
  const created = new Date(Date.parse(sandbox.created) - 1_000).toISOString();
  engine.containers.set(`${name}-aside`, { ...sandbox, status: 'created', created });
  const ending = new AbortController();
  const observing = daemon().observe(owner, () => undefined, ending.signal);
  await expect.poll(() => [...engine.containers.keys()]).toEqual([name]);
  ending.abort();
  await observing;
});
