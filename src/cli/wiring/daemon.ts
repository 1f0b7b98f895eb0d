import os from 'node:os';
import type { InstanceProvider } from '../../../providers/contract/index.ts';
import { readNodeDns } from '../../config/host-dns.ts';
import { ConfigError, type NodeSettings, type Settings } from '../../config/settings.ts';
import type { KubeClient } from '../../kube/client.ts';
import { loadClusterAccess } from '../../kube/cluster-access.ts';
import { createEventRecorder } from '../../kube/events.ts';
import { createKubeClient } from '../../kube/rest-client.ts';
import { ProbeCounts } from '../../kubelet/stats/probe-counts.ts';
import { lasting } from '../../node/certificates/certificate-source.ts';
import type { ServingCertificate } from '../../node/serving-certificate.ts';
import { Scheduler } from '../../scheduler/scheduler.ts';
import { systemClock } from '../../telemetry/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import { createMetrics, type Metrics } from '../../telemetry/metrics.ts';
import { capacityOverrides } from './capacity-overrides.ts';
import { readClientCa } from './client-ca.ts';
import { readClusterUid } from './cluster-uid.ts';
import { loadProvider } from './load-provider.ts';
import { keepNodeIdentity, takeNodeIdentity } from './node-identity.ts';
import { servingCertificates } from './serving-certificates.ts';
import { nodeStateDir, startVirtualNode, type VirtualNode, type VirtualNodeDeps } from './virtual-node.ts';

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
  const providers = new Map<
    NodeSettings,
    { readonly provider: InstanceProvider; readonly probes: ProbeCounts }
  >();
  const nodes: VirtualNode[] = [];
  let client: KubeClient | undefined;
  try {
    // Before anything waits for a cluster that may be away for long: what is wrong here stays wrong.
    const ofProviders = new Map<string, unknown>();
    for (const node of settings.nodes) {
      try {
        capacityOverrides(node);
        const probes = new ProbeCounts();
        const stateDir = nodeStateDir(settings.stateDir, node.name);
        const onProbe = probes.add.bind(probes);
        const provider = await loadProvider(node, stateDir, log, onProbe, ofProviders);
        providers.set(node, { provider, probes });
      } catch (error) {
        throw ofNode(error, node, settings);
      }
    }
    const identity = { ...shared, log, metrics, version };
    await takeNodeIdentity(settings, identity, living);
    client = await connect(settings, options, metrics);
    const clusterUid = await readClusterUid({ ...shared, client, log }, living);
    await options.onClusterUid?.(clusterUid);
    const clientCa =
      options.clientCa === undefined
        ? await readClientCa(settings, { ...shared, log, client }, living)
        : lasting(options.clientCa);
    const dns = await readNodeDns(settings.dns);
    const common = {
      ...shared,
      log,
      client,
      clusterUid,
      metrics,
      version,
      dns,
      clientCa,
      tls: settings.tls,
      expectsDns: options.expectsDns ?? true,
    };
    for (const [node, own] of providers) {
      const deps = { ...shared, log, client, metrics, given: options.certificate };
      const certificate: VirtualNodeDeps['certificate'] = (addresses, tell) =>
        servingCertificates(settings, node, deps, addresses, tell, living);
      nodes.push(await startVirtualNode({ ...common, ...own, settings: node, certificate }, living));
    }
    const keeping = keepNodeIdentity(settings, client, identity, living);
    const scheduling = settings.scheduler ? startScheduler(client, nodes, options, living) : undefined;
    const parts = [...nodes.map((node) => node.ended), scheduling, keeping];
    return { client, nodes, ended: endOf(parts, client) };
  } catch (error) {
    ending.abort();
    await Promise.all(nodes.map(({ ended }) => ended));
    // Those of nodes that were started are closed with them.
    const unused = [...providers.values()].slice(nodes.length);
    await Promise.allSettled(unused.map(({ provider }) => provider.close?.()));
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
  // What was written by a bootstrap has one context; the one that is named is that of the bootstrap.
  const { bootstrap } = settings;
  const choice = bootstrap === undefined ? settings : { kubeconfig: bootstrap.target };
  const access = await loadClusterAccess(choice, { ...shared, log, env: process.env, home: os.homedir() });
  return createKubeClient({
    ...{ ...shared, log, userAgent: `burstlet/${version}` },
    server: access.server,
    credentials: access.credentials,
    onCall: ({ verb, resource, code, durationMs }) =>
      metrics.apiCall({ verb, resource, code: String(code), seconds: durationMs / 1000 }),
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
