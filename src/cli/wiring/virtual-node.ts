import path from 'node:path';
import { type Capacity, type InstanceProvider, ProviderError } from '../../../providers/contract/index.ts';
import { ConfigError, type NodeSettings, type TlsSettings } from '../../config/settings.ts';
import type { KubeClient } from '../../kube/client.ts';
import { createEventRecorder } from '../../kube/events.ts';
import { createKubeletServer } from '../../kubelet/kubelet-server.ts';
import type { ProbeCounts } from '../../kubelet/stats/probe-counts.ts';
import { UsageSource } from '../../kubelet/stats/usage-source.ts';
import type { CertificateSource, NodeTeller, Renewable } from '../../node/certificates/certificate-source.ts';
import { endOf } from '../../node/certificates/certificate-wish.ts';
import { LeaseKeeper } from '../../node/lease-keeper.ts';
import { NodeKeeper } from '../../node/node-keeper.ts';
import type { NodeIdentity, ProviderTrouble } from '../../node/node-object.ts';
import { NodeAdmission } from '../../pods/admission/node-admission.ts';
import { soldBy } from '../../pods/admission/offered.ts';
import { countedProvider } from '../../pods/counted-provider.ts';
import { PodController } from '../../pods/pod-controller.ts';
import { SpecReader } from '../../pods/specs/spec-reader.ts';
import type { NodeDns } from '../../podspec/references.ts';
import { backoffMs } from '../../telemetry/backoff.ts';
import { type Clock, pause } from '../../telemetry/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { capacityOverrides } from './capacity-overrides.ts';
import { kubeletConfiguration } from './kubelet-configuration.ts';
import { nodeAddress } from './node-address.ts';
import { nodeTeller } from './node-teller.ts';
import { orphansOf, viewOf } from './node-view.ts';
import { podEvents } from './pod-events.ts';

export interface VirtualNodeDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly client: KubeClient;
  readonly clusterUid: string;
  readonly provider: InstanceProvider;
  readonly metrics: Metrics;
  readonly settings: NodeSettings;
  /** Of this daemon, e.g. `0.1.0`. */
  readonly version: string;
  /** How the probes of its Pods came out. */
  readonly probes: ProbeCounts;
  /** The certificate of the node's HTTPS API, for these addresses. */
  readonly certificate: (addresses: readonly string[], tell: NodeTeller) => Promise<CertificateSource>;
  /** PEM of the CA whose client certificates are believed. */
  readonly clientCa: Renewable<string | undefined>;
  readonly tls: TlsSettings;
  /** For the resolv.conf of instances. */
  readonly dns: NodeDns;
  /** False where a cluster without DNS is what was asked for. */
  readonly expectsDns: boolean;
}

export interface VirtualNode {
  readonly name: string;
  /** Where the HTTPS API listens. */
  readonly address: { readonly host: string; readonly port: number };
  /** Resolves when the Node is in the API server. */
  readonly registered: Promise<unknown>;
  readonly pods: PodController;
  /** Leaves the Node and its Lease to themselves from now on, so that they can be deleted; all else goes on. */
  readonly letGo: () => Promise<void>;
  /** Resolves when everything has ended, soon after the signal fired. Never rejects. */
  readonly ended: Promise<void>;
}

const capacityMs = 300_000;
/** The Kubernetes minor whose kubelet contract the node follows. */
const kubeletVersion = 'v1.36.0';

/** Puts one virtual node together and starts it. Rejects when its port cannot be had or the provider never answers. */
export async function startVirtualNode(deps: VirtualNodeDeps, signal: AbortSignal): Promise<VirtualNode> {
  const { clock, random, client, settings, metrics, clusterUid } = deps;
  const log = withNode(deps.log, settings.name);
  const provider = countedProvider(deps.provider, clock, (call) =>
    metrics.providerCall({ provider: deps.provider.name, ...call }),
  );
  const withOverrides = capacityOverrides(settings);
  const read = async (): Promise<Capacity> => withOverrides(await provider.capacity(signal));
  let capacity = await persist(read, deps, signal);
  const address = settings.address ?? nodeAddress(settings.listen.host);
  const recorder = createEventRecorder({ client, clock, log, component: 'burstlet', host: settings.name });
  const events = podEvents(recorder);
  let trouble: ProviderTrouble | undefined;

  if (settings.unenforced)
    log.info({ unenforced: settings.unenforced }, 'Pods may run here without these restraints');
  const admission = new NodeAdmission({
    capabilities: provider.capabilities(),
    ...(settings.unenforced && { unenforced: settings.unenforced }),
    node: () => keeper.node,
    capacity: () => capacity,
    sold: () => soldBy(provider),
  });
  const controller = new PodController({
    ...{ clock, random, log, client, provider },
    scope: { clusterUid, node: settings.name },
    hostIp: () => address,
    admission,
    ...(settings.outOfStock && { stockPolicy: settings.outOfStock }),
    specs: (retry) =>
      new SpecReader({
        clock,
        random,
        log,
        client,
        events,
        hostIp: () => address,
        capacity: () => capacity,
        dns: deps.dns,
        expectsDns: deps.expectsDns,
        retry,
      }),
    events,
    onHealth: (error) => {
      trouble = error === undefined ? undefined : troubleOf(error);
      keeper.setTrouble(trouble);
    },
    onTurn: (waitedMs) => metrics.queueWait(settings.name, waitedMs / 1000),
    onStatusTaken: (lagMs) => metrics.statusLag(settings.name, lagMs / 1000),
  });
  controller.onPod((pod, deleted) => admission.note(pod, deleted));
  const certificates = await deps.certificate([address], nodeTeller(recorder, settings.name));
  let certificate = certificates.first;
  const usage = new UsageSource({
    ...{ clock, log, provider },
    scope: { clusterUid, node: settings.name },
    isKnown: (uid) => controller.pods.getByUid(uid) !== undefined,
  });
  const server = createKubeletServer({
    ...{ clock, log, client, provider, usage, certificate },
    nodeName: settings.name,
    view: viewOf(controller, () => trouble?.message),
    clientCa: deps.clientCa.first,
    probes: deps.probes,
    capacity: () => capacity,
    configuration: () => kubeletConfiguration({ ...deps, address: settings.listen.host, port, capacity }),
    metrics: () => metrics.render(),
  });
  const port: number = await server.listen(settings.listen).catch((error: unknown) => {
    throw listenTrouble(error, settings);
  });
  const identity = identityOf(settings, provider, address, port, deps.version);
  const keeper: NodeKeeper = new NodeKeeper({ clock, random, log, client, identity, capacity });
  const lease = new LeaseKeeper({
    clock,
    random,
    log,
    client,
    nodeName: settings.name,
    node: () => keeper.node,
  });
  metrics.observeNode(settings.name, () => ({
    pods: controller.pods.size,
    instances: controller.instances.size,
    orphans: orphansOf(controller),
    streams: server.streams.open(),
    spending: controller.spending,
    queueDepth: controller.depth.pods,
    statusQueueDepth: controller.depth.statuses,
  }));
  metrics.observeCertificate(settings.name, 'server', () => ({
    expiresAt: certificate === undefined ? undefined : endOf(certificate.cert),
    pending: certificates.isPending,
  }));

  /** New certificates and CAs come into use without an end of connections. */
  async function renewTls(): Promise<void> {
    await Promise.all([
      certificates.follow((next) => {
        if (next === undefined) return;
        server.setCertificate(next);
        certificate = next;
      }, signal),
      deps.clientCa.follow((pem) => {
        if (pem !== undefined) server.setClientCa(pem);
      }, signal),
    ]);
  }
  async function refreshCapacity(): Promise<void> {
    while (!signal.aborted) {
      await pause(clock, Math.round(capacityMs * (0.9 + 0.2 * random())), signal);
      if (signal.aborted) return;
      capacity = await read().catch(() => capacity);
      keeper.setCapacity(capacity);
    }
  }
  async function close(): Promise<void> {
    if (!signal.aborted)
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    await server.close();
  }
  const keeping = new AbortController();
  const kept = Promise.all([keeper, lease].map((one) => one.run(AbortSignal.any([signal, keeping.signal]))));
  async function letGo(): Promise<void> {
    keeping.abort();
    await kept;
  }
  const ended = Promise.all([kept, controller.run(signal), refreshCapacity(), renewTls(), close()])
    .then(() => recorder.flush(AbortSignal.timeout(2_000)))
    .then(() => provider.close?.())
    .catch((error: unknown) => log.error({ error: String(error) }, 'the node did not end cleanly'));
  return {
    name: settings.name,
    address: { host: address, port },
    registered: keeper.registered,
    pods: controller,
    letGo,
    ended,
  };
}

function identityOf(
  settings: NodeSettings,
  provider: InstanceProvider,
  address: string,
  port: number,
  version: string,
): NodeIdentity {
  const { os, arch } = provider.capabilities();
  return {
    name: settings.name,
    provider: provider.name,
    address,
    kubeletPort: port,
    taint: settings.taint,
    labels: settings.labels,
    os: os[0] ?? 'linux',
    arch: arch[0] ?? 'amd64',
    version: `${kubeletVersion}-burstlet-${version}`,
  };
}

function troubleOf(error: unknown): ProviderTrouble {
  const reason = error instanceof ProviderError ? error.kind : 'ProviderUnavailable';
  return { reason, message: error instanceof Error ? error.message : String(error) };
}

function listenTrouble(error: unknown, { name, listen: { host, port } }: NodeSettings): unknown {
  if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) return error;
  return new ConfigError(
    `node ${name}: port ${port} of ${host} is in use: another daemon may serve this node; choose another port with --listen, or with listen in the file`,
  );
}

/** Tries until it works or the signal fires. */
async function persist<T>(
  call: () => Promise<T>,
  deps: Pick<VirtualNodeDeps, 'clock' | 'random' | 'log' | 'provider'>,
  signal: AbortSignal,
): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      return await call();
    } catch (error) {
      if (signal.aborted) throw error;
      deps.log.warn(
        { provider: deps.provider.name, error: String(error), failures },
        'the provider does not say its capacity; trying again',
      );
      await pause(deps.clock, backoffMs(failures, 500, 30_000, deps.random), signal);
      if (signal.aborted) throw error;
    }
  }
}

function withNode(log: Log, node: string): Log {
  return {
    debug: (fields, message) => log.debug({ node, ...fields }, message),
    info: (fields, message) => log.info({ node, ...fields }, message),
    warn: (fields, message) => log.warn({ node, ...fields }, message),
    error: (fields, message) => log.error({ node, ...fields }, message),
  };
}

/** The folder of one node below the state folder of the daemon. */
export function nodeStateDir(stateDir: string, node: string): string {
  return path.join(stateDir, 'nodes', node);
}
