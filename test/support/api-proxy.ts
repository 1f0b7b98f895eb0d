import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, type RequestOptions, request as send } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TestCluster } from './test-cluster.ts';

/** What goes wrong with one request; bytes count the body of the answer. */
export type ProxyFault =
  /** The connection is reset: before the server hears of it, or after so many bytes of its answer. */
  | { readonly kind: 'reset'; readonly afterBytes?: number }
  /** The server does it, and the connection is reset in place of the answer. */
  | { readonly kind: 'lostAnswer' }
  /** The answer stops after so many bytes, and the connection stays open. */
  | { readonly kind: 'stall'; readonly afterBytes: number }
  | { readonly kind: 'status'; readonly code: number; readonly reason: string };

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly isWatch: boolean;
}

/** Stands between a client and the API server, with its own certificate of the cluster, and makes trouble on demand. */
export interface ApiProxy {
  readonly url: string;
  /** Asked for every request. */
  fault: (request: SeenRequest) => ProxyFault | undefined;
  readonly seen: SeenRequest[];
  /** Nobody listens any more, and every connection is reset. */
  down(): Promise<void>;
  up(): Promise<void>;
  close(): Promise<void>;
}

export async function startApiProxy(cluster: TestCluster): Promise<ApiProxy> {
  const request = { commonName: 'proxy', ips: ['127.0.0.1'] };
  const { certPem, keyPem } = await cluster.issueServingCertificate(request);
  const upstream = new Agent({ ca: cluster.caPem, keepAlive: true });
  const sockets = new Set<Socket>();
  let server = newServer();
  let port = 0;

  function newServer() {
    const made = createServer({ cert: certPem, key: keyPem }, (incoming, outgoing) =>
      handle(incoming, outgoing),
    );
    // Both: the reset of the raw one is what a peer sees, and either may fail afterwards.
    for (const event of ['connection', 'secureConnection']) {
      made.on(event, (socket: Socket) => {
        if (event === 'connection') sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => sockets.delete(socket));
      });
    }
    made.on('tlsClientError', () => undefined);
    return made;
  }

  function handle(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const url = new URL(incoming.url ?? '/', cluster.url);
    const { pathname: path, searchParams: query } = url;
    const seen = { method: incoming.method ?? 'GET', path, query, isWatch: query.get('watch') === 'true' };
    proxy.seen.push(seen);
    const fault = proxy.fault(seen);
    if (fault?.kind === 'reset' && fault.afterBytes === undefined) {
      incoming.socket.destroy();
    } else if (fault?.kind === 'status') {
      const body = {
        apiVersion: 'v1',
        kind: 'Status',
        status: 'Failure',
        code: fault.code,
        reason: fault.reason,
      };
      outgoing.writeHead(fault.code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    } else forward(url, incoming, outgoing, fault);
  }

  function forward(url: URL, incoming: IncomingMessage, outgoing: ServerResponse, fault?: ProxyFault): void {
    const options: RequestOptions = { method: incoming.method, headers: incoming.headers, agent: upstream };
    const forwarded = send(url, options, (answer) => {
      if (fault?.kind === 'lostAnswer') {
        answer.resume().on('end', () => incoming.socket.destroy());
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      outgoing.flushHeaders();
      let left =
        fault !== undefined && 'afterBytes' in fault ? (fault.afterBytes ?? 0) : Number.POSITIVE_INFINITY;
      answer.on('data', (chunk: Buffer) => {
        if (left <= 0) return;
        outgoing.write(chunk.subarray(0, left));
        left -= chunk.length;
        if (left <= 0 && fault?.kind === 'reset') incoming.socket.destroy();
      });
      answer.on('end', () => {
        if (left > 0) outgoing.end();
      });
      answer.on('error', () => incoming.socket.destroy());
    });
    forwarded.on('error', () => incoming.socket.destroy());
    outgoing.on('close', () => forwarded.destroy());
    incoming.pipe(forwarded);
  }

  const listen = (): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        port = (server.address() as AddressInfo).port;
        resolve();
      });
    });

  const proxy: ApiProxy = {
    get url() {
      return `https://127.0.0.1:${port}`;
    },
    fault: () => undefined,
    seen: [],
    async down() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    async up() {
      server = newServer();
      await listen();
    },
    async close() {
      if (server.listening) await proxy.down();
      upstream.destroy();
    },
  };
  await listen();
  return proxy;
}
