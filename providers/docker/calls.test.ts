import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { plainContainer, plainSpec } from '../contract/conformance/plain-spec.ts';
import { createDockerRuntime } from './create-runtime.ts';
import { SmallEngine } from './testing/small-engine.ts';

const never = new AbortController().signal;
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const owner = { clusterUid: 'c', node: 'n', namespace: 'ns', name: 'pod', podUid: 'uid', attempt: 0 };

test('a Pod that starts for the first time takes seven calls', async () => {
  const engine = await SmallEngine.listen();
  const stateDir = mkdtempSync(path.join(tmpdir(), 'burstlet-calls-'));
  const runtime = createDockerRuntime({ options: { host: engine.host }, log: silent, stateDir });
  try {
    // The first one also asks what the engine is, and whether it has the image of sandboxes.
    await runtime.createSandbox(plainSpec({ ...owner, podUid: 'first' }, []), 'first', never);
    const before = engine.requests.length;
    const { id } = await runtime.createSandbox(plainSpec(owner, []), 'second', never);
    await runtime.startContainer(id, plainContainer('main', 'app'), 0, never);
    const calls = engine.requests.slice(before).map((line) =>
      line
        .replace(/\/v[\d.]+/, '')
        .replace(/\/burstlet-[\w-]+/, '/NAME')
        .replace(/\?.*/, ''),
    );
    expect(calls).toEqual([
      'POST /containers/create',
      'POST /containers/NAME/start',
      'GET /containers/NAME/json',
      'GET /images/docker.io%2Flibrary%2Fapp%3Alatest/json',
      'POST /containers/create',
      'POST /containers/NAME/start',
      'GET /containers/NAME/json',
    ]);
  } finally {
    await runtime.close();
    await engine.close();
    rmSync(stateDir, { recursive: true });
  }
});
