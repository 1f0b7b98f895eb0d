import { type Clock, systemClock } from '../telemetry/clock.ts';
import { type Log, silentLog } from '../telemetry/log.ts';
import type { CertificateRequest, IssuedCertificate } from './authority.ts';
import { bootstrap } from './bootstrap.ts';
import { startControllers } from './controllers/index.ts';
import { ApiServer } from './http/api-server.ts';
import { TokenAuthority } from './http/tokens.ts';
import { kubeconfigOf, writeKubeconfig } from './kubeconfig.ts';
import { createOpenApi } from './openapi/index.ts';
import { MemoryStore } from './store/memory-store.ts';
import type { ClusterStore } from './store/store.ts';

export interface DevClusterOptions {
  readonly log?: Log;
  readonly clock?: Clock;
  /** From 0 to 1, for generated names and jitter. */
  readonly random?: () => number;
  /** On loopback; 0, the default, takes a free one. */
  readonly port?: number;
  /** False leaves the controllers out: a bare API. Default true. */
  readonly controllers?: boolean;
}

/**
 * A Kubernetes control plane in this process, in memory and on loopback: for development and tests, not for
 * production. It has no scheduler and no node of its own.
 */
export interface DevCluster {
  /** Listens, creates what every cluster has, and starts the controllers. */
  start(): Promise<void>;
  /** Ends all watches and connections, timers and controllers. The objects are lost. */
  stop(): Promise<void>;
  /** `https://127.0.0.1:PORT`; throws before start(). */
  readonly url: string;
  /** The authority behind the server's certificate and those issued here. */
  readonly caPem: string;
  /** An administrator's bearer token. */
  readonly token: string;
  readonly store: ClusterStore;
  /** A kubeconfig as an object. */
  readonly kubeconfig: Readonly<Record<string, unknown>>;
  /** Writes it, readable for the owner only. */
  writeKubeconfig(path: string): Promise<void>;
  /** For servers that the cluster is to trust, such as a node's kubelet API. */
  issueServingCertificate(request: CertificateRequest): Promise<IssuedCertificate>;
  /** A bearer token for any user; RBAC is not evaluated, only `system:masters` may do anything. */
  issueToken(user: string, groups: readonly string[]): string;
}

const serverNames = [
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
];

export async function createDevCluster(options: DevClusterOptions = {}): Promise<DevCluster> {
  const { log = silentLog, clock = systemClock, random = Math.random } = options;
  // Loaded when wanted: the certificate library is large.
  const { createAuthority, kubeletClientCertificate } = await import('./authority.ts');
  const authority = await createAuthority(() => clock.now());
  const serving = await authority.issue({
    commonName: 'kube-apiserver',
    names: serverNames,
    ips: ['127.0.0.1', '::1'],
  });
  const store = new MemoryStore({ clock, random, log });
  const tokens = new TokenAuthority({ clock, store });
  const openApi = createOpenApi();
  const server = new ApiServer({
    ...{ store, tokens, openApi, clock, random, log },
    tls: serving,
    kubeletClient: await kubeletClientCertificate(authority),
  });
  const token = tokens.issue('kubernetes-admin', ['system:masters']);
  const running = new AbortController();
  let port: number | undefined;
  const url = (): string => {
    if (port === undefined) throw new Error('the development cluster has no address before start()');
    return `https://127.0.0.1:${port}`;
  };

  const cluster: DevCluster = {
    async start() {
      port = await server.start(options.port ?? 0);
      bootstrap(store, port, authority.caPem);
      if (options.controllers === false) return;
      const { signal } = running;
      startControllers({ store, clock, random, log, signal, rootCa: authority.caPem });
    },
    async stop() {
      running.abort();
      await server.stop();
    },
    get url() {
      return url();
    },
    caPem: authority.caPem,
    token,
    store,
    get kubeconfig() {
      return kubeconfigOf(url(), authority.caPem, { token });
    },
    async writeKubeconfig(path) {
      await writeKubeconfig(path, cluster.kubeconfig);
    },
    issueServingCertificate: (request) => authority.issue(request),
    issueToken: (user, groups) => tokens.issue(user, groups),
  };
  return cluster;
}
