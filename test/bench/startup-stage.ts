import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { createDevCluster } from '../../src/devcluster/dev-cluster.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { namespaces } from '../../src/kube/resources.ts';
import { Dockerd, whyNoDockerd } from '../docker/dockerd.ts';
import { testEngine } from '../docker/engine.ts';
import { busyboxImage } from '../docker/image.ts';
import { clientOf } from '../e2e/support/client.ts';
import { untilReady } from '../e2e/support/ready-node.ts';
import { busyboxImage as upstreamBusybox } from '../oracle/case.ts';

/** A node to start Pods on. */
export interface MeasuredNode {
  readonly node: string;
  readonly namespace: string;
}

/** A cluster, the engine behind it, and an image with a shell that is there already. */
export interface StartupStage {
  readonly client: KubeClient;
  /** Of the engine: `unix://...`. */
  readonly host: string;
  readonly image: string;
  readonly burstlet: MeasuredNode;
  /** Absent unless it was asked for. */
  readonly kubelet?: MeasuredNode;
  end(): Promise<void>;
}

const root = path.resolve(import.meta.dirname, '../..');
const node = 'bench-0';

/** The embedded control plane, a dockerd (that of DOCKER_HOST, or one of its own) and the daemon as it is shipped. */
export async function openStartupStage(): Promise<StartupStage | string> {
  const reason = process.env.DOCKER_HOST ? undefined : whyNoDockerd();
  if (reason !== undefined) return reason;
  const ends: (() => Promise<unknown>)[] = [];
  const end = async (): Promise<void> => {
    for (const one of ends.splice(0).reverse()) await one();
  };
  try {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'burstlet-startup-'));
    ends.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
    const host = process.env.DOCKER_HOST || (await ownDockerd(ends));
    process.env.DOCKER_HOST = host;
    const engine = await testEngine();
    if (typeof engine === 'string') throw new Error(engine);
    await engine.close();
    const program = path.join(folder, 'program');
    await promisify(execFile)(process.execPath, ['scripts/build.ts', '--standalone', '--out', program], {
      cwd: root,
    });
    const cluster = await createDevCluster({ controllers: false });
    await cluster.start();
    ends.push(() => cluster.stop());
    const kubeconfig = path.join(folder, 'kubeconfig');
    await cluster.writeKubeconfig(kubeconfig);
    const client = await clientOf(kubeconfig);
    ends.push(() => client.close());
    const config = path.join(folder, 'burstlet.yaml');
    await writeFile(config, configOf(kubeconfig, folder, host));
    // By its first line, which has the flags that it is shipped with.
    const daemon = spawn(path.join(program, 'cli.js'), ['run', '--config', config], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    ends.push(() => ended(daemon));
    await untilReady(client, { node, log: () => '' });
    const namespace = 'startup';
    await client.create(namespaces, { metadata: { name: namespace } });
    return { client, host, image: busyboxImage, burstlet: { node, namespace }, end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** A real control plane with a real kubelet beside a node of Burstlet. `assets`: the folder with their programs. */
export async function openStageWithKubelet(
  assets: string,
  say: (line: string) => void,
): Promise<StartupStage> {
  const { openStage } = await import('../oracle/stage.ts');
  return { ...(await openStage(assets, say)), image: upstreamBusybox };
}

async function ownDockerd(ends: (() => Promise<unknown>)[]): Promise<string> {
  const dockerd = await Dockerd.start();
  ends.push(() => dockerd.end());
  return dockerd.host;
}

async function ended(daemon: ChildProcess): Promise<void> {
  const exit = once(daemon, 'exit');
  daemon.kill('SIGTERM');
  await exit;
}

function configOf(kubeconfig: string, folder: string, host: string): string {
  return JSON.stringify({
    ...{ apiVersion: 'burstlet.dev/v1alpha1', kind: 'Config', kubeconfig, logLevel: 'warn' },
    stateDir: path.join(folder, 'state'),
    dns: { nameservers: ['10.96.0.10'] },
    scheduler: false,
    nodes: [
      {
        ...{ name: node, provider: 'docker', options: { host, instances: 500 } },
        ...{ listen: '127.0.0.1:0', address: '127.0.0.1', taint: false },
      },
    ],
  });
}
