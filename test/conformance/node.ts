import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { loadClusterAccess } from '../../src/kube/cluster-access.ts';
import { nodes } from '../../src/kube/resources.ts';
import { createKubeClient } from '../../src/kube/rest-client.ts';
import { systemClock as clock } from '../../src/telemetry/clock.ts';
import { silentLog as log } from '../../src/telemetry/log.ts';
import { eventually } from '../support/eventually.ts';

export interface NodeOptions {
  readonly kubeconfig: string;
  readonly folder: string;
  readonly dockerHost: string;
  /** At which the API server and Pods reach the node. */
  readonly address: string;
}

export interface RunningNode {
  log(): string;
  stop(): Promise<void>;
}

const main = path.resolve(import.meta.dirname, '../../src/cli/main.ts');
const name = 'burst-0';

/** `burstlet run` with the docker provider, as a node that takes every Pod. Resolves when it is Ready. */
export async function startNode({
  kubeconfig,
  folder,
  dockerHost,
  address,
}: NodeOptions): Promise<RunningNode> {
  const home = path.join(folder, name);
  await mkdir(home, { recursive: true });
  const config = path.join(home, 'burstlet.yaml');
  const node = {
    ...{ name, provider: 'docker', options: { host: dockerHost, instances: 500 }, taint: false },
    ...{ listen: `${address}:0`, address, capacity: { cpu: '16' } },
  };
  const file = {
    ...{ apiVersion: 'burstlet.dev/v1alpha1', kind: 'Config', kubeconfig, logLevel: 'info' },
    ...{ stateDir: path.join(home, 'state'), scheduler: false, nodes: [node] },
  };
  await writeFile(config, JSON.stringify(file), { mode: 0o600 });
  const child = spawn(process.execPath, [main, 'run', '--config', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(child, 'close');
  process.once('exit', () => child.kill('SIGKILL'));
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  const running: RunningNode = {
    log: () => text,
    async stop() {
      if (child.exitCode === null) child.kill('SIGTERM');
      await exited;
    },
  };
  try {
    await ready(kubeconfig);
    return running;
  } catch (error) {
    await running.stop();
    throw new Error(`${String(error)}\n${text.slice(-2_000)}`);
  }
}

async function ready(kubeconfig: string): Promise<void> {
  const access = await loadClusterAccess({ kubeconfig }, { clock, log, env: {}, home: '/' });
  const client = createKubeClient({ ...access, clock, log, random: Math.random });
  try {
    await eventually(async () => {
      const { status, spec } = await client.get(nodes, { name });
      const waits = spec?.taints?.some(({ key }) => key === 'node.kubernetes.io/not-ready');
      return !waits && status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
    }, 30);
  } finally {
    await client.close();
  }
}
