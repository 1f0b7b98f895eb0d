import type { TLSSocket } from 'node:tls';
import { type FastifyError, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { InstanceProvider } from '../../providers/contract/index.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { ClientAuthority } from './auth/client-authority.ts';
import { Gate } from './auth/gate.ts';
import type { NodeView } from './node-view.ts';
import { containerLogs } from './routes/container-logs.ts';
import { nodeLogs } from './routes/node-logs.ts';
import { type NodeMetricsDeps, nodeMetrics } from './routes/node-metrics.ts';
import { type NodeStateDeps, nodeState } from './routes/node-state.ts';
import { streamRoutes } from './routes/stream-routes.ts';
import { type OpenStreams, StreamSessions } from './streaming/session/stream-sessions.ts';
import { Upgrades } from './streaming/upgrade/upgrades.ts';
import { type Certificate, TlsKeeper } from './tls-keeper.ts';

export interface KubeletServerDeps extends NodeMetricsDeps, NodeStateDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly client: KubeClient;
  readonly provider: InstanceProvider;
  readonly nodeName: string;
  readonly view: NodeView;
  /** To begin with; undefined = TLS handshakes fail until there is one. */
  readonly certificate: Certificate | undefined;
  /** PEM of the CA whose client certificates are believed; absent = bearer tokens only, until there is one. */
  readonly clientCa?: string | undefined;
}

export interface KubeletServer {
  /** Listens; resolves to the port. */
  listen(address: { readonly host: string; readonly port: number }): Promise<number>;
  /** For new connections. Throws when it cannot be used; then the old one stays. */
  setCertificate(certificate: Certificate): void;
  /** PEM. Throws when it cannot be used; then the old one stays. */
  setClientCa(pem: string): void;
  /** The sessions of exec, attach and port-forward. */
  readonly streams: { open(): OpenStreams };
  /** Ends the streams and closes all connections. */
  close(): Promise<void>;
}

const maxHeaderBytes = 1024 * 1024;
const idleMs = 90_000;
/** For a request to arrive whole; how long the answer takes is not bounded. */
const requestMs = 60_000;
/** Of a Pod; other names in a path are shorter. */
const maxNameLength = 253;

/** The node's HTTPS API, the part of the kubelet that the API server and metric scrapers talk to. */
export function createKubeletServer(deps: KubeletServerDeps): KubeletServer {
  const closing = new AbortController();
  const sessions = new StreamSessions();
  const upgrades = new Upgrades();
  const clients = new ClientAuthority(deps.clock, deps.clientCa);
  const gate = new Gate({ ...deps, clients });
  const tls = new TlsKeeper(clients, deps.certificate);
  const server = fastify({
    https: {
      ...{ ...tls.options, maxHeaderSize: maxHeaderBytes },
      ...{ requestCert: true, rejectUnauthorized: false },
    },
    keepAliveTimeout: idleMs,
    requestTimeout: requestMs,
    routerOptions: { maxParamLength: maxNameLength },
    // What the router cannot read goes past the hooks; the door stands here too.
    frameworkErrors: (_error, request, reply) => void turnAway(request, reply),
    forceCloseConnections: true,
    bodyLimit: 64 * 1024,
  });
  tls.keep(server.server);

  /** Undefined = the request may go on; otherwise it was answered. */
  async function admit(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
    const refusal = await gate.refusal({
      method: request.method,
      // The router has its own way to read a path; leave is asked for what will answer.
      path: request.routeOptions.url ?? request.url.split('?')[0] ?? '/',
      authorization: request.headers.authorization,
      socket: request.raw.socket as TLSSocket,
    });
    return refusal && reply.code(refusal.status).send(refusal.text);
  }
  async function turnAway(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if ((await admit(request, reply)) === undefined) reply.code(400).send('Bad Request\n');
  }
  server.addHook('onRequest', admit);
  server.setNotFoundHandler((request, reply) =>
    reply.code(404).send(`${request.method} ${request.url.split('?')[0]} is not served by this node\n`),
  );
  server.setErrorHandler<FastifyError>((error, request, reply) => {
    // A body that cannot be read, say: the fault of the one who asks.
    if (error.statusCode !== undefined && error.statusCode < 500)
      return reply.code(error.statusCode).send(`${error.message}\n`);
    deps.log.error(
      { error: String(error), path: request.routeOptions.url },
      'a request on the node API failed',
    );
    return reply.code(500).send('Internal Error\n');
  });

  nodeState(server, deps);
  nodeMetrics(server, deps);
  containerLogs(server, { ...deps, closing: closing.signal });
  nodeLogs(server);
  streamRoutes(server, { ...deps, upgrades, sessions });
  upgrades.listen(server);

  return {
    async listen({ host, port }) {
      await server.listen({ host, port });
      const address = server.server.address();
      return typeof address === 'object' && address !== null ? address.port : port;
    },
    setCertificate: (certificate) => tls.setCertificate(certificate),
    setClientCa: (pem) => tls.setClientCa(pem),
    streams: sessions,
    async close() {
      closing.abort();
      deps.usage.close();
      await sessions.close();
      upgrades.close();
      await server.close();
    },
  };
}
