import { readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import type { ControlPlane } from '../../src/controlplane/control-plane.ts';
import type { NodeProcess } from '../e2e/support/ready-node.ts';
import type { PodCgroup } from './cgroup.ts';
import type { Containerd } from './containerd.ts';
import { startProgram } from './program.ts';

/** A kubelet as upstream builds it, and how it is ended. */
export interface Kubelet extends NodeProcess {
  stop(): Promise<void>;
}

const node = 'kubelet-0';
/** The kubelet makes a link here for each log file, whatever it is told. */
const linksFolder = '/var/log/containers';

/** A real kubelet on that containerd, as the node `kubelet-0`; its Pods are in cgroups of its own. */
export async function startKubelet(
  assets: string,
  cluster: ControlPlane,
  containerd: Containerd,
  cgroup: PodCgroup,
): Promise<Kubelet> {
  const { folder } = containerd;
  const kubeconfig = path.join(folder, 'kubelet.kubeconfig');
  await cluster.writeUserKubeconfig(kubeconfig, `system:node:${node}`, 'system:nodes');
  const config = path.join(folder, 'kubelet.json');
  const port = await freePort(containerd.address);
  await writeFile(config, JSON.stringify(configOf(cluster, containerd, port, cgroup.name)));
  const flags = {
    ...{ config, kubeconfig, 'root-dir': path.join(folder, 'kubelet') },
    ...{ 'hostname-override': node, 'node-ip': containerd.address },
    'cert-dir': path.join(folder, 'pki'),
  };
  const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
  const kubelet = await startProgram(path.join(assets, 'kubelet'), args, folder);
  return {
    node,
    log: kubelet.log,
    async stop() {
      await kubelet.stop('SIGKILL');
      await removeLinks(folder);
    },
  };
}

function configOf(cluster: ControlPlane, containerd: Containerd, port: number, cgroupRoot: string): object {
  const { address, folder, socket } = containerd;
  return {
    ...{ apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration' },
    ...{ address, port, healthzPort: 0, cgroupRoot, cgroupDriver: 'cgroupfs' },
    authentication: { x509: { clientCAFile: path.join(cluster.folder, 'ca.crt') } },
    containerRuntimeEndpoint: `unix://${socket}`,
    podLogsDir: path.join(folder, 'pod-logs'),
    volumePluginDir: path.join(folder, 'volume-plugins'),
    // Named, so that a Pod's resolv.conf does not come with a warning; nobody asks it.
    ...{ clusterDNS: ['10.96.0.10'], clusterDomain: 'cluster.local' },
    // The machine is what it is: it is not the subject here.
    ...{ failSwapOn: false, failCgroupV1: false, makeIPTablesUtilChains: false, oomScoreAdj: 0 },
    evictionHard: { 'memory.available': '1Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    imageGCHighThresholdPercent: 100,
    enforceNodeAllocatable: [],
  };
}

async function removeLinks(folder: string): Promise<void> {
  for (const name of await readdir(linksFolder).catch(() => [])) {
    const link = path.join(linksFolder, name);
    const target = await readlink(link).catch(() => '');
    if (target.startsWith(`${folder}/`)) await rm(link);
  }
}

function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, host, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}
