import { readFile } from 'node:fs/promises';
import os from 'node:os';
import type { InstanceProvider } from '../../../providers/contract/index.ts';
import { readNodeDns } from '../../config/host-dns.ts';
import { ConfigError, type NodeSettings, type Settings } from '../../config/settings.ts';
import type { KubeClient } from '../../kube/client.ts';
import { loadClusterAccess } from '../../kube/cluster-access.ts';
import { isForbidden, isNotFound } from '../../kube/errors.ts';
import { createEventRecorder } from '../../kube/events.ts';
import { configMaps } from '../../kube/resources.ts';
import { createKubeClient } from '../../kube/rest-client.ts';
import {
  certificateFromFiles,
  type ServingCertificate,
  selfSignedCertificate,
} from '../../node/serving-certificate.ts';
import { Scheduler } from '../../scheduler/scheduler.ts';
import { systemClock } from '../../telemetry/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import { createMetrics, type Metrics } from '../../telemetry/metrics.ts';
import { capacityOverrides } from './capacity-overrides.ts';
import { readClusterUid } from './cluster-uid.ts';
import { loadProvider } from './load-provider.ts';
import { nodeStateDir, startVirtualNode, type VirtualNode } from './virtual-node.ts';

const schedulerName = 'burstlet';

export interface Daemon {
  readonly client: KubeClient;
  readonly nodes: readonly VirtualNode[];
  /** Resolves when everything has ended, soon after the signal fired. */
  readonly ended: Promise<void>;
}

export interface DaemonOptions {
  readonly log: Log;
  readonly version: string;
  /** True where no other scheduler runs: then Pods of every scheduler name are bound. */
  readonly bindAll?: boolean;
  /** False where a cluster without DNS is what was asked for, and no matter for a warning. */
  readonly expectsDns?: boolean;
  /** Called before anything is done in the name of this cluster. */
  readonly onClusterUid?: (clusterUid: string) => Promise<void>;
  /** PEM, in place of what the settings and the API server say. */
  readonly clientCa?: string;
  /** In place of a self-signed certificate. */
  readonly certificate?: (hosts: readonly string[]) => Promise<ServingCertificate>;
}

const shared = { clock: systemClock, random: Math.random };

/** Starts everything that the settings name. Rejects, with nothing left running, when a part cannot be started. */
export async function startDaemon(
  settings: Settings,
  options: DaemonOptions,
  signal: AbortSignal,
): Promise<Daemon> {
  const { log, version } = options;
  const ending = new AbortController();
  const living = AbortSignal.any([signal, ending.signal]);
  const metrics = createMetrics();
  const providers = new Map<NodeSettings, InstanceProvider>();
  const nodes: VirtualNode[] = [];
  let client: KubeClient | undefined;
  try {
    // Before anything waits for a cluster that may be away for long: what is wrong here stays wrong.
    for (const node of settings.nodes) {
      try {
        capacityOverrides(node);
        providers.set(node, await loadProvider(node, nodeStateDir(settings.stateDir, node.name), log));
      } catch (error) {
        throw ofNode(error, node, settings);
      }
    }
    client = await connect(settings, options, metrics);
    const clusterUid = await readClusterUid({ ...shared, client, log }, living);
    await options.onClusterUid?.(clusterUid);
    const clientCa = options.clientCa ?? (await readClientCa(settings, client, log, living));
    const dns = await readNodeDns(settings.dns);
    const common = {
      ...shared,
      log,
      client,
      clusterUid,
      metrics,
      version,
      dns,
      expectsDns: options.expectsDns ?? true,
    };
    for (const [node, provider] of providers) {
      const certificate = (hosts: readonly string[]) => certificateFor(settings, options, node, hosts);
      const ca = clientCa === undefined ? {} : { clientCa };
      nodes.push(await startVirtualNode({ ...common, ...ca, provider, settings: node, certificate }, living));
    }
    const scheduling = settings.scheduler ? startScheduler(client, nodes, options, living) : undefined;
    const parts = [...nodes.map((node) => node.ended), scheduling];
    return { client, nodes, ended: endOf(parts, client) };
  } catch (error) {
    ending.abort();
    await Promise.all(nodes.map(({ ended }) => ended));
    // Those of nodes that were started are closed with them.
    const unused = [...providers.values()].slice(nodes.length);
    await Promise.allSettled(unused.map((provider) => provider.close?.()));
    await client?.close();
    throw error;
  }
}

/** What is wrong with a node, with the place where the user can mend it. */
function ofNode(error: unknown, { name }: NodeSettings, { file }: Settings): unknown {
  if (!(error instanceof ConfigError) || file === undefined) return error;
  return new ConfigError(`${file}: node ${name}: ${error.message}`);
}

async function endOf(parts: readonly (Promise<void> | undefined)[], client: KubeClient): Promise<void> {
  await Promise.all(parts);
  await client.close();
}

async function connect(
  settings: Settings,
  { log, version }: DaemonOptions,
  metrics: Metrics,
): Promise<KubeClient> {
  const access = await loadClusterAccess(settings, { ...shared, log, env: process.env, home: os.homedir() });
  return createKubeClient({
    ...{ ...shared, log, userAgent: `burstlet/${version}` },
    server: access.server,
    credentials: access.credentials,
    onCall: ({ verb, resource, code }) => metrics.apiCall({ verb, resource, code: String(code) }),
  });
}

/** Beside another scheduler it watches its own Pods only; what else is on these nodes, the nodes themselves know. */
async function startScheduler(
  client: KubeClient,
  nodes: readonly VirtualNode[],
  { log, bindAll }: DaemonOptions,
  signal: AbortSignal,
): Promise<void> {
  const events = createEventRecorder({
    client,
    clock: systemClock,
    log,
    component: schedulerName,
    host: os.hostname(),
  });
  const scheduler = new Scheduler({
    ...{ ...shared, log, client, events },
    mine: bindAll ? () => true : (name) => name === schedulerName,
    ...(bindAll ? {} : { selection: { fieldSelector: `spec.schedulerName=${schedulerName}` } }),
    nodeSelector: 'type=virtual-kubelet',
  });
  if (!bindAll) for (const { pods } of nodes) pods.onPod((pod, deleted) => scheduler.note(pod, deleted));
  await scheduler.run(signal);
  await events.flush(AbortSignal.timeout(2_000));
}

function certificateFor(
  settings: Settings,
  options: DaemonOptions,
  node: NodeSettings,
  hosts: readonly string[],
): Promise<ServingCertificate> {
  const { certFile, keyFile } = settings.tls;
  if (certFile !== undefined && keyFile !== undefined) return certificateFromFiles(certFile, keyFile);
  return options.certificate?.(hosts) ?? selfSignedCertificate(node.name, hosts, Date.now());
}

/** The CA of the API server's own client certificate: from a file, or where the API server publishes it. */
async function readClientCa(
  settings: Settings,
  client: KubeClient,
  log: Log,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (settings.tls.clientCaFile !== undefined) return readFile(settings.tls.clientCaFile, 'utf8');
  try {
    const key = { namespace: 'kube-system', name: 'extension-apiserver-authentication' };
    const published = await client.get(configMaps, key, { signal });
    return published.data?.['client-ca-file'];
  } catch (error) {
    if (!isNotFound(error) && !isForbidden(error)) throw error;
    log.warn(
      {},
      'no client CA: name one with tls.clientCaFile, or kubectl logs works with bearer tokens only',
    );
    return undefined;
  }
}
