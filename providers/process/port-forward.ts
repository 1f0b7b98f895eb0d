import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { getSystemErrorMessage } from 'node:util';
import { ProviderError } from '../contract/errors.ts';
import type { ForwardedConnection } from '../contract/streams.ts';

/**
 * Connects to the first of the addresses that takes the connection, and carries bytes both ways until both directions have
 * ended. Rejects when nobody listens, one side breaks, or the signal fires.
 */
export async function forwardPort(
  addresses: readonly string[],
  port: number,
  connection: ForwardedConnection,
  signal: AbortSignal,
): Promise<void> {
  const socket = await dialFirst(addresses, port, signal);
  try {
    // A small request must not wait for the acknowledgement of the one before.
    socket.setNoDelay(true);
    await Promise.all([pipeline(connection, socket, { signal }), pipeline(socket, connection, { signal })]);
  } catch (error) {
    throw signal.aborted ? error : inWords(error, `the connection to port ${port}`);
  } finally {
    socket.destroy();
  }
}

async function dialFirst(addresses: readonly string[], port: number, signal: AbortSignal): Promise<Socket> {
  let problem: unknown = new ProviderError(
    'Retryable',
    `port ${port}: connection refused: no process of the Pod listens on it`,
  );
  for (const address of addresses) {
    try {
      return await dial(address, port, signal);
    } catch (error) {
      signal.throwIfAborted();
      problem = inWords(error, `${address} port ${port}`);
    }
  }
  throw problem;
}

function dial(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect({ host, port, allowHalfOpen: true });
    const abort = (): void => void socket.destroy(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    socket.once('close', () => signal.removeEventListener('abort', abort));
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      signal.removeEventListener('abort', abort);
      resolve(socket);
    });
  });
}

/** `127.1.2.3 port 80: connection refused` */
function inWords(error: unknown, what: string): ProviderError {
  const errno = error instanceof Error && 'errno' in error ? Number(error.errno) : Number.NaN;
  const words = Number.isInteger(errno) ? getSystemErrorMessage(errno) : String(error);
  return new ProviderError('Retryable', `${what}: ${words}`, { cause: error });
}
