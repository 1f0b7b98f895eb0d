import type { TLSSocket } from 'node:tls';
import { fastify } from 'fastify';
import type { InstanceProvider } from '../../providers/contract/index.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { Gate } from './auth/gate.ts';
import type { NodeView } from './node-view.ts';
import { containerLogs } from './routes/container-logs.ts';

export interface KubeletServerDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly client: KubeClient;
  readonly provider: InstanceProvider;
  readonly nodeName: string;
  readonly view: NodeView;
  /** PEM. */
  readonly certificate: { readonly cert: string; readonly key: string };
  /** PEM of the CA whose client certificates are believed; absent = bearer tokens only. */
  readonly clientCa?: string;
  /** The answer to GET /metrics. */
  readonly metrics: () => { readonly contentType: string; readonly text: string };
}

export interface KubeletServer {
  /** Listens; resolves to the port. */
  listen(address: { readonly host: string; readonly port: number }): Promise<number>;
  /** Ends the streams and closes all connections. */
  close(): Promise<void>;
}

const maxHeaderBytes = 1024 * 1024;
const idleMs = 90_000;

/** The node's HTTPS API, the part of the kubelet that the API server and metric scrapers talk to. */
export function createKubeletServer(deps: KubeletServerDeps): KubeletServer {
  const closing = new AbortController();
  const gate = new Gate(deps);
  const { cert, key } = deps.certificate;
  const server = fastify({
    https: {
      ...{ cert, key, minVersion: 'TLSv1.2', maxHeaderSize: maxHeaderBytes },
      requestCert: deps.clientCa !== undefined,
      rejectUnauthorized: false,
      ...(deps.clientCa === undefined ? {} : { ca: deps.clientCa }),
    },
    keepAliveTimeout: idleMs,
    forceCloseConnections: true,
    bodyLimit: 64 * 1024,
  });

  server.addHook('onRequest', async (request, reply) => {
    const refusal = await gate.refusal({
      method: request.method,
      path: request.url.split('?')[0] ?? '/',
      authorization: request.headers.authorization,
      socket: request.raw.socket as TLSSocket,
    });
    if (refusal !== undefined) return reply.code(refusal.status).send(refusal.text);
  });
  server.setNotFoundHandler((request, reply) =>
    reply.code(404).send(`${request.method} ${request.url.split('?')[0]} is not served by this node\n`),
  );
  server.setErrorHandler((error, request, reply) => {
    deps.log.error(
      { error: String(error), path: request.routeOptions.url },
      'a request on the node API failed',
    );
    return reply.code(500).send('Internal Error\n');
  });

  server.get('/healthz', async (_, reply) => {
    const trouble = deps.view.trouble();
    return trouble === undefined ? reply.send('ok') : reply.code(500).send(`${trouble}\n`);
  });
  server.get('/pods', async () => ({
    kind: 'PodList',
    apiVersion: 'v1',
    metadata: {},
    items: deps.view.pods(),
  }));
  server.get('/metrics', async (_, reply) => {
    const { contentType, text } = deps.metrics();
    return reply.type(contentType).send(text);
  });
  containerLogs(server, { ...deps, closing: closing.signal });

  return {
    async listen({ host, port }) {
      await server.listen({ host, port });
      const address = server.server.address();
      return typeof address === 'object' && address !== null ? address.port : port;
    },
    async close() {
      closing.abort();
      await server.close();
    },
  };
}
