import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadClusterAccess } from '../../src/kube/cluster-access.ts';
import { pods } from '../../src/kube/resources.ts';
import { createKubeClient } from '../../src/kube/rest-client.ts';
import { systemClock as clock } from '../../src/telemetry/clock.ts';
import { silentLog as log } from '../../src/telemetry/log.ts';
import { eventually } from '../support/eventually.ts';
import { podOf } from './support/pods.ts';

const main = path.resolve(import.meta.dirname, '../../src/cli/main.ts');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'burstlet-e2e-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('burstlet dev --assets is a cluster with a node, and leaves nothing behind', async () => {
  const assets = process.env.BURSTLET_E2E_ASSETS ?? '';
  const args = ['dev', '--assets', assets, '--provider', 'mock', '--state-dir', path.join(folder, 'state')];
  const env = { PATH: process.env.PATH, HOME: folder, TMPDIR: folder };
  const dev = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(dev, 'exit');
  try {
    let output = '';
    dev.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    await eventually(() => output.includes('The cluster is ready'), 60);
    const kubeconfig = path.join(folder, 'state', 'kubeconfig');
    const access = await loadClusterAccess({ kubeconfig }, { clock, log, env: {}, home: folder });
    const client = createKubeClient({ ...access, clock, log, random: Math.random });
    // No nodeName: kube-scheduler finds the node.
    const key = { namespace: 'default', name: 'hello' };
    await client.create(pods, podOf(key.namespace, key.name));
    await eventually(async () => (await client.get(pods, key)).status?.phase === 'Running', 30);
    await client.close();
    dev.kill('SIGINT');
    expect(await exited).toEqual([0, null]);
    expect(await readdir(folder)).toEqual([]);
  } finally {
    dev.kill('SIGKILL');
  }
});
