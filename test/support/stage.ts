import type { MockCloudDeps } from '../../providers/mock/index.ts';
import {
  FaultPlan,
  MockCloud,
  MockProvider,
  scriptAnnotation,
  seededRandom,
} from '../../providers/mock/index.ts';
import { startVirtualNode, type VirtualNode } from '../../src/cli/wiring/virtual-node.ts';
import type { NodeSettings } from '../../src/config/settings.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { isNotFound } from '../../src/kube/errors.ts';
import { events, namespaces, nodes, pods, type Resource } from '../../src/kube/resources.ts';
import type { KubeObject, Pod } from '../../src/kube/types.ts';
import { ProbeCounts } from '../../src/kubelet/stats/probe-counts.ts';
import { lasting, unasked } from '../../src/node/certificates/certificate-source.ts';
import { type Clock, systemClock } from '../../src/telemetry/clock.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { type ApiProxy, startApiProxy } from './api-proxy.ts';
import { eventually } from './eventually.ts';
import { meddled } from './meddled.ts';
import { connectTo, type TestApi } from './test-api.ts';
import { openTestCluster, type TestCluster } from './test-cluster.ts';

export interface PodWishes {
  readonly node?: string;
  /** Of the mock, docs/reference/mock-provider.md. */
  readonly script?: unknown;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly container?: Readonly<Record<string, unknown>>;
  readonly spec?: Readonly<Record<string, unknown>>;
}

export interface RunningNode extends VirtualNode {
  /** As SIGTERM ends it: instances go on. */
  stop(): Promise<void>;
}

/** An API server, a proxy before it, a mock cloud, and virtual nodes between the two: all real but the cloud. */
export interface Stage {
  readonly api: TestApi<TestCluster>;
  /** Does what the test does to the cluster; its calls are not counted. */
  readonly admin: KubeClient;
  readonly proxy: ApiProxy;
  readonly cloud: MockCloud;
  readonly faults: FaultPlan;
  /** The node speaks to the API server through the proxy. */
  startNode(settings?: Partial<NodeSettings>, clock?: Clock): Promise<RunningNode>;
  /** A Pod bound to a node (default `burst-0`); its UID. */
  pod(name: string, wishes?: PodWishes): Promise<string>;
  /** The Pod, or undefined when it is not there. */
  read(name: string): Promise<Pod | undefined>;
  /** Any object, or undefined when it is not there. */
  find<T extends KubeObject>(resource: Resource<T>, name: string, namespace?: string): Promise<T | undefined>;
  /** Resolves when the Pod is in this phase and, when Running, Ready. */
  reaches(name: string, phase: string): Promise<Pod>;
  remove(name: string, gracePeriodSeconds?: number): Promise<void>;
  /** Of calls on the provider that change something, by Pod UID. */
  calls(podUid: string): string[];
  /** Messages of the Events about a Pod, with their reasons. */
  eventsOf(name: string): Promise<string[]>;
  close(): Promise<void>;
}

export async function openStage(cloudDeps: MockCloudDeps = {}): Promise<Stage> {
  const api = connectTo(await openTestCluster());
  const proxy = await startApiProxy(api.cluster);
  const random = seededRandom(1);
  const faults = new FaultPlan({ random });
  const cloud = new MockCloud({ random, faults, ...cloudDeps });
  const admin = api.connect({ counted: false });
  const clusterUid = (await admin.get(namespaces, { name: 'kube-system' })).metadata?.uid ?? '';
  const direct = api.connect({ server: proxy.url });
  // Small pages, so that there are several.
  const client = meddled(direct, {
    list: (resource, options) => direct.list(resource, { ...options, pageSize: 20 }),
  });
  const running = new Set<RunningNode>();
  const names = new Set<string>();
  const metrics = createMetrics();

  const stage: Stage = {
    api,
    admin,
    proxy,
    cloud,
    faults,
    async startNode(settings = {}, clock = systemClock) {
      const ending = new AbortController();
      const node = await startVirtualNode(
        {
          ...{ clock, random: () => 0, log: silentLog, client, metrics, version: '0.0.0' },
          clusterUid,
          provider: new MockProvider({ cloud }),
          dns: {
            clusterDns: [],
            clusterDomain: '',
            host: { nameservers: ['127.0.0.53'], searches: [], options: [] },
          },
          expectsDns: true,
          clientCa: lasting(api.cluster.caPem),
          async certificate(ips) {
            const issued = await api.cluster.issueServingCertificate({ commonName: 'node', ips: [...ips] });
            return unasked(lasting({ cert: issued.certPem, key: issued.keyPem }));
          },
          probes: new ProbeCounts(),
          tls: {},
          settings: {
            ...{ name: 'burst-0', provider: 'mock', options: {}, listen: { host: '127.0.0.1', port: 0 } },
            ...{ address: '127.0.0.1', taint: true, labels: {}, capacity: {} },
            ...settings,
          },
        },
        ending.signal,
      );
      const started: RunningNode = {
        ...node,
        async stop() {
          ending.abort();
          await node.ended;
          running.delete(started);
        },
      };
      running.add(started);
      names.add(node.name);
      return started;
    },
    async pod(name, { node = 'burst-0', script, metadata, container, spec } = {}) {
      const annotations = script === undefined ? {} : { [scriptAnnotation]: JSON.stringify(script) };
      const object = {
        metadata: { name, namespace: 'default', annotations, ...metadata },
        spec: {
          nodeName: node,
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: 5,
          containers: [{ name: 'main', image: 'example.com/app:1', ...container }],
          ...spec,
        },
      };
      return (await admin.create(pods, object)).metadata?.uid ?? '';
    },
    read: (name) => stage.find(pods, name, 'default'),
    async find(resource, name, namespace) {
      try {
        return await admin.get(resource, { name, ...(namespace === undefined ? {} : { namespace }) });
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
    reaches: (name, phase) =>
      eventually(async () => {
        const pod = await stage.read(name);
        const ready = pod?.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
        return pod?.status?.phase === phase && (phase !== 'Running' || ready) ? pod : undefined;
      }),
    remove(name, gracePeriodSeconds) {
      const grace = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds };
      return admin.delete(pods, { namespace: 'default', name }, grace);
    },
    calls: (podUid) => cloud.front.calls.filter((call) => call.podUid === podUid).map(({ kind }) => kind),
    async eventsOf(name) {
      const { items } = await admin.list(events, {
        namespace: 'default',
        fieldSelector: `involvedObject.name=${name}`,
      });
      return items.map(({ reason, message }) => `${reason}: ${message}`);
    },
    async close() {
      await Promise.all([...running].map((node) => node.stop()));
      // Nothing is to be bound to them by those who come next on the same cluster.
      for (const name of names) await admin.delete(nodes, { name }).catch(() => undefined);
      await api.close();
      await proxy.close();
    },
  };
  return stage;
}
