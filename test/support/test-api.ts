import { createDevCluster, type DevCluster } from '../../src/devcluster/dev-cluster.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { createKubeClient } from '../../src/kube/rest-client.ts';
import type { CallRecord } from '../../src/kube/transport.ts';
import { type Clock, systemClock } from '../../src/telemetry/clock.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import type { TestCluster } from './test-cluster.ts';

export interface ConnectOptions {
  readonly server?: string;
  readonly token?: string;
  readonly clock?: Clock;
  /** Whether its calls are counted among `calls`. Default true. */
  readonly counted?: boolean;
}

/** An API server on loopback, and a client of it that counts. */
export interface TestApi<Cluster extends TestCluster = DevCluster> {
  readonly cluster: Cluster;
  readonly client: KubeClient;
  /** `patch nodes/status` for each call so far, watches left out. */
  readonly calls: string[];
  /** Those of the calls that change something. */
  writes(): string[];
  /** Another client, of any user, perhaps by way of a proxy. */
  connect(options: ConnectOptions): KubeClient;
  close(): Promise<void>;
}

/** The embedded one, whose store can be looked into. */
export async function startTestApi(options: { readonly controllers?: boolean } = {}): Promise<TestApi> {
  const cluster = await createDevCluster({ controllers: options.controllers ?? false });
  await cluster.start();
  return connectTo(cluster);
}

/** close() stops the cluster. */
export function connectTo<Cluster extends TestCluster>(cluster: Cluster): TestApi<Cluster> {
  const clients: KubeClient[] = [];
  const calls: string[] = [];
  const connect: TestApi<Cluster>['connect'] = ({
    server = cluster.url,
    token = cluster.token,
    clock = systemClock,
    counted = true,
  }) => {
    const identity = { tls: { ca: cluster.caPem }, authorization: `Bearer ${token}` };
    const client = createKubeClient({
      server,
      credentials: { current: async () => identity, invalidate() {} },
      clock,
      random: Math.random,
      log: silentLog,
      onCall({ verb, resource }: CallRecord) {
        if (counted && verb !== 'watch') calls.push(`${verb} ${resource}`);
      },
    });
    clients.push(client);
    return client;
  };
  return {
    cluster,
    client: connect({}),
    calls,
    writes: () => calls.filter((call) => !/^(get|list) /.test(call)),
    connect,
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      await cluster.stop();
    },
  };
}
