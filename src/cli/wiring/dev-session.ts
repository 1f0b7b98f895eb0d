import os from 'node:os';
import path from 'node:path';
import type { RestraintName } from '../../../providers/contract/index.ts';
import { ConfigError, type NodeSettings, type Settings } from '../../config/settings.ts';
import { createDevCluster, type DevCluster } from '../../devcluster/dev-cluster.ts';
import type { Log } from '../../telemetry/log.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { type DevClusterNote, takeDevFolder } from './dev-folder.ts';
import { reapInstances } from './reap.ts';
import { nodeStateDir } from './virtual-node.ts';

export interface DevOptions {
  readonly provider: string;
  readonly providerOptions: Readonly<Record<string, unknown>>;
  readonly nodeName: string;
  /** Restraints that Pods may run without; absent = none. */
  readonly unenforced?: readonly RestraintName[];
  readonly taint: boolean;
  /** Port of the API server; 0 = a free one. */
  readonly port: number;
  readonly stateDir?: string;
  readonly kubeconfig?: string;
  /** Folder with the programs of a real control plane; absent = the embedded one. */
  readonly assets?: string;
  readonly log: Log;
  readonly version: string;
  /** Gives up the start: what it has begun is removed, and it rejects. */
  readonly signal?: AbortSignal;
}

/** What is wanted of a control plane here, be it the embedded or a real one. */
export interface DevControlPlane
  extends Pick<
    DevCluster,
    'url' | 'caPem' | 'token' | 'writeKubeconfig' | 'issueServingCertificate' | 'stop'
  > {
  /** Resolves with what is to be said of it when it ends by itself. */
  readonly broken?: Promise<string>;
}

/** A control plane, and a virtual node in this process. */
export interface DevSession {
  readonly cluster: DevControlPlane;
  readonly daemon: Daemon;
  readonly kubeconfig: string;
  /** Ends everything and removes every instance, port and folder. */
  stop(): Promise<void>;
}

/** Starts a development cluster; what an earlier one left behind after a crash is removed first. */
export async function startDevSession(options: DevOptions): Promise<DevSession> {
  const { log, nodeName } = options;
  const folder = await takeDevFolder(
    path.resolve(options.stateDir ?? path.join(os.tmpdir(), `burstlet-dev-${os.userInfo().uid}`)),
  );
  const choice = { provider: options.provider, options: options.providerOptions };
  const nodeDir = nodeStateDir(folder.path, nodeName);
  const ending = new AbortController();
  const end = (): void => ending.abort();
  options.signal?.addEventListener('abort', end, { once: true });
  if (options.signal?.aborted) end();
  const left = folder.leftBehind;
  if (left !== undefined) await reapLeft(left, folder.path, options, ending.signal);
  let cluster: DevControlPlane | undefined;
  let daemon: Daemon | undefined;
  let clusterUid = '';

  async function stop(): Promise<void> {
    end();
    await daemon?.ended;
    await cluster?.stop();
    // Without a daemon nobody can have made an instance.
    if (daemon !== undefined) await reapInstances(choice, nodeDir, { clusterUid, node: nodeName }, log);
    await folder.remove();
  }

  try {
    ending.signal.throwIfAborted();
    cluster = await startControlPlaneOf(options);
    const kubeconfig = path.resolve(options.kubeconfig ?? path.join(folder.path, 'kubeconfig'));
    await cluster.writeKubeconfig(kubeconfig).catch((error: unknown) => {
      throw new ConfigError(
        `--kubeconfig ${kubeconfig} cannot be written (${error instanceof Error ? error.message : String(error)}); name a file in a folder that is there`,
      );
    });
    daemon = await startDaemon(
      settingsOf(options, kubeconfig, folder.path),
      {
        ...daemonOptions(cluster, options),
        async onClusterUid(uid) {
          clusterUid = uid;
          await folder.note({ clusterUid: uid, choice });
        },
      },
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

/** What an earlier cluster left at its provider, which may be another than that of this one. */
async function reapLeft(
  { clusterUid, choice }: DevClusterNote,
  folder: string,
  { nodeName, log }: DevOptions,
  signal: AbortSignal,
): Promise<void> {
  try {
    const scope = { clusterUid, node: nodeName };
    await reapInstances(choice, nodeStateDir(folder, nodeName), scope, log, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw new ConfigError(
      `what an earlier burstlet left at the provider ${choice.provider} cannot be removed (${error instanceof Error ? error.message : String(error)}); mend that, or give this one a --state-dir of its own: ${folder} says what it was`,
    );
  }
}

async function startControlPlaneOf({ assets, port, log, signal }: DevOptions): Promise<DevControlPlane> {
  if (assets !== undefined) {
    const { startControlPlane } = await import('../../controlplane/control-plane.ts');
    return startControlPlane({ assets, port, ...(signal === undefined ? {} : { signal }) });
  }
  const cluster = await createDevCluster({ log, port });
  await cluster.start();
  return cluster;
}

function daemonOptions(
  cluster: DevControlPlane,
  { nodeName, log, version, assets }: DevOptions,
): Parameters<typeof startDaemon>[1] {
  return {
    // A real control plane has a scheduler of its own.
    ...{ log, version, bindAll: assets === undefined, clientCa: cluster.caPem, expectsDns: false },
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
    ...(options.unenforced && { unenforced: options.unenforced }),
    labels: {},
    capacity: {},
  };
  return { kubeconfig, stateDir, logLevel: 'warn', tls: {}, dns: {}, scheduler: true, nodes: [node] };
}
