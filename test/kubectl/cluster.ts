import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createDevCluster } from '../../src/devcluster/dev-cluster.ts';
import { startStandInNode } from './stand-in-node.ts';

export interface RunningCluster {
  /** A file. */
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

/** The embedded control plane with its controllers, and a node that only says that it runs Pods. */
export async function startCluster(): Promise<RunningCluster> {
  const folder = await mkdtemp(path.join(tmpdir(), 'burstlet-cluster-'));
  const cluster = await createDevCluster();
  await cluster.start();
  const kubeconfig = path.join(folder, 'kubeconfig');
  await cluster.writeKubeconfig(kubeconfig);
  const stopNode = startStandInNode(cluster);
  return {
    kubeconfig,
    async stop() {
      stopNode();
      await cluster.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
