import type { ClientRequest, IncomingMessage } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { ProviderError } from '../../contract/errors.ts';
import type { Endpoint } from './endpoint.ts';

export interface HijackRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

const keepAliveMs = 60_000;

/**
 * POSTs a request after which the connection is no HTTP any more, but belongs to the streams of a process. Resolves with
 * the connection (paused, nothing read of it), or with the answer of an engine that does not hand it over.
 */
export function hijack(
  endpoint: Endpoint,
  { path, headers, body }: HijackRequest,
  signal: AbortSignal,
): Promise<Socket | IncomingMessage> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const request = open(endpoint, path, { ...headers, connection: 'Upgrade', upgrade: 'tcp' });
    const abort = (): void => {
      reject(signal.reason);
      request.destroy();
    };
    const settled = (): void => signal.removeEventListener('abort', abort);
    signal.addEventListener('abort', abort, { once: true });
    request.on('upgrade', (_answer, socket, head) => {
      settled();
      // Errors are also told by the end of the stream; nobody may be listening yet.
      socket.on('error', () => {});
      (socket as Socket).setNoDelay(true).setKeepAlive(true, keepAliveMs);
      if (head.length > 0) socket.unshift(head);
      resolve(socket as Socket);
    });
    request.on('response', (response) => {
      settled();
      if ((response.statusCode ?? 0) >= 400) return resolve(response);
      reject(new ProviderError('Retryable', `the engine at ${endpoint.name} does not hand connections over`));
      request.destroy();
    });
    request.on('error', (error) => {
      settled();
      reject(error);
    });
    request.end(body);
  });
}

function open(
  { origin, socketPath, tls }: Endpoint,
  path: string,
  headers: Readonly<Record<string, string>>,
): ClientRequest {
  const options = { method: 'POST', path, headers, agent: false as const };
  if (socketPath !== undefined) return http.request({ ...options, socketPath });
  const { protocol, hostname, port } = new URL(origin);
  // An IPv6 address stands in brackets there.
  const place = { host: hostname.replace(/^\[(.*)\]$/, '$1'), port };
  return protocol === 'https:'
    ? https.request({ ...options, ...place, ...tls })
    : http.request({ ...options, ...place });
}
