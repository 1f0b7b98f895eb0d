import os from 'node:os';
import path from 'node:path';
import type { NodeSettings, Settings } from '../../config/settings.ts';
import { createDevCluster, type DevCluster } from '../../devcluster/dev-cluster.ts';
import type { Log } from '../../telemetry/log.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { takeDevFolder } from './dev-folder.ts';
import { reapInstances } from './reap.ts';
import { nodeStateDir } from './virtual-node.ts';

export interface DevOptions {
  readonly provider: string;
  readonly providerOptions: Readonly<Record<string, unknown>>;
  readonly nodeName: string;
  readonly taint: boolean;
  /** Port of the API server; 0 = a free one. */
  readonly port: number;
  readonly stateDir?: string;
  readonly kubeconfig?: string;
  readonly log: Log;
  readonly version: string;
  /** Gives up the start: what it has begun is removed, and it rejects. */
  readonly signal?: AbortSignal;
}

/** A control plane and a virtual node in this process. */
export interface DevSession {
  readonly cluster: DevCluster;
  readonly daemon: Daemon;
  readonly kubeconfig: string;
  /** Ends everything and removes every instance, port and folder. */
  stop(): Promise<void>;
}

/** Starts a development cluster; what an earlier one left behind after a crash is removed first. */
export async function startDevSession(options: DevOptions): Promise<DevSession> {
  const { log, version, nodeName } = options;
  const folder = await takeDevFolder(
    path.resolve(options.stateDir ?? path.join(os.tmpdir(), `burstlet-dev-${os.userInfo().uid}`)),
  );
  const choice = { provider: options.provider, options: options.providerOptions };
  const nodeDir = nodeStateDir(folder.path, nodeName);
  if (folder.leftBehind !== undefined)
    await reapInstances(choice, nodeDir, { clusterUid: folder.leftBehind, node: nodeName }, log);
  const cluster = await createDevCluster({ log, port: options.port });
  const ending = new AbortController();
  const end = (): void => ending.abort();
  options.signal?.addEventListener('abort', end, { once: true });
  let daemon: Daemon | undefined;
  let clusterUid = '';

  async function stop(): Promise<void> {
    end();
    await daemon?.ended;
    await cluster.stop();
    if (clusterUid !== '') await reapInstances(choice, nodeDir, { clusterUid, node: nodeName }, log);
    await folder.remove();
  }

  try {
    await cluster.start();
    clusterUid = cluster.store.get('namespaces', undefined, 'kube-system')?.metadata.uid ?? '';
    await folder.note(clusterUid);
    const kubeconfig = path.resolve(options.kubeconfig ?? path.join(folder.path, 'kubeconfig'));
    await cluster.writeKubeconfig(kubeconfig);
    daemon = await startDaemon(
      settingsOf(options, kubeconfig, folder.path),
      daemonOptions(cluster, nodeName, log, version),
      ending.signal,
    );
    const registered = daemon.nodes.map((node) => node.registered);
    await Promise.race([Promise.all(registered), daemon.ended]);
    options.signal?.throwIfAborted();
    options.signal?.removeEventListener('abort', end);
    return { cluster, daemon, kubeconfig, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function daemonOptions(
  cluster: DevCluster,
  nodeName: string,
  log: Log,
  version: string,
): Parameters<typeof startDaemon>[1] {
  return {
    ...{ log, version, bindAll: true, clientCa: cluster.caPem },
    certificate: async (hosts) => {
      const ips = hosts.filter((host) => /^[\d.]+$|:/.test(host));
      const names = hosts.filter((host) => !ips.includes(host));
      const { certPem, keyPem } = await cluster.issueServingCertificate({
        commonName: `system:node:${nodeName}`,
        organization: 'system:nodes',
        names,
        ips,
      });
      return { cert: certPem, key: keyPem };
    },
  };
}

function settingsOf(options: DevOptions, kubeconfig: string, stateDir: string): Settings {
  const node: NodeSettings = {
    name: options.nodeName,
    provider: options.provider,
    options: options.providerOptions,
    listen: { host: '127.0.0.1', port: 0 },
    address: '127.0.0.1',
    taint: options.taint,
    labels: {},
    capacity: {},
  };
  return { kubeconfig, stateDir, logLevel: 'warn', tls: {}, scheduler: true, nodes: [node] };
}
