import type { ClientRequest, IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { type ProviderClock, ProviderError } from '../../contract/index.ts';
import { maxMessageBytes } from './message.ts';

export interface SocketEvents {
  onMessage(message: Buffer): void;
  /** Once, when the connection ends by anything but `close`. */
  onLost(why: string): void;
}

const connectTimeoutMs = 10_000;
/** Gateways and NATs forget connections without traffic; and one whose other side died is found out by it. */
const pingMs = 30_000;

/** A WebSocket to Session Manager. */
export class DataSocket {
  readonly #webSocket: WebSocket;
  readonly #clock: ProviderClock;
  readonly #onLost: (why: string) => void;
  #heard = true;
  #closed = false;
  #cancelPing: () => void = () => undefined;

  private constructor(webSocket: WebSocket, clock: ProviderClock, { onMessage, onLost }: SocketEvents) {
    this.#webSocket = webSocket;
    this.#clock = clock;
    this.#onLost = onLost;
    webSocket.on('message', (message, isBinary) => {
      this.#heard = true;
      // The service has nothing to say in text.
      if (isBinary && Buffer.isBuffer(message) && !this.#closed) onMessage(message);
    });
    for (const event of ['ping', 'pong'] as const)
      webSocket.on(event, () => {
        this.#heard = true;
      });
    webSocket.on('close', (code, reason) =>
      this.#lose(`it was closed with ${code} ${reason.toString()}`.trim()),
    );
    this.#ping();
  }

  /** Rejects with ProviderError, or with the signal's reason. */
  static async open(
    url: string,
    headers: Readonly<Record<string, string>>,
    clock: ProviderClock,
    events: SocketEvents,
    signal: AbortSignal,
  ): Promise<DataSocket> {
    signal.throwIfAborted();
    const webSocket = new WebSocket(url, {
      headers: { ...headers },
      handshakeTimeout: connectTimeoutMs,
      maxPayload: maxMessageBytes,
      perMessageDeflate: false,
    });
    const { promise, resolve, reject } = Promise.withResolvers<DataSocket>();
    const leave = (): void => {
      reject(signal.reason);
      webSocket.terminate();
    };
    signal.addEventListener('abort', leave, { once: true });
    // Errors are followed by 'close', if a connection was made at all.
    webSocket.on('error', (error) => reject(failure(url, error.message)));
    webSocket.on('unexpected-response', (request: ClientRequest, { statusCode = 0 }: IncomingMessage) => {
      reject(refusal(url, statusCode));
      request.destroy();
    });
    webSocket.once('open', () => resolve(new DataSocket(webSocket, clock, events)));
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  /** What is sent on a connection that has just been lost is lost with it. */
  send(data: Buffer | string): void {
    if (this.#webSocket.readyState === WebSocket.OPEN) this.#webSocket.send(data, () => undefined);
  }

  /** Nothing more is read until `resume`. */
  pause(): void {
    this.#webSocket.pause();
  }

  resume(): void {
    // Nothing could be heard meanwhile.
    this.#heard = true;
    this.#webSocket.resume();
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelPing();
    this.#webSocket.resume();
    this.#webSocket.close(1000);
  }

  #lose(why: string): void {
    this.#cancelPing();
    if (this.#closed) return;
    this.#closed = true;
    this.#onLost(why);
  }

  #ping(): void {
    this.#cancelPing = this.#clock.schedule(pingMs, () => {
      if (!this.#heard && !this.#webSocket.isPaused) {
        this.#webSocket.terminate();
        this.#lose(`it answered nothing for ${pingMs / 1000} seconds`);
        return;
      }
      this.#heard = false;
      if (this.#webSocket.readyState === WebSocket.OPEN) this.#webSocket.ping(() => undefined);
      this.#ping();
    });
  }
}

function refusal(url: string, statusCode: number): ProviderError {
  const text = `${hostOf(url)} answers ${statusCode} to the WebSocket of the session`;
  if (statusCode !== 401 && statusCode !== 403) return new ProviderError('Retryable', text);
  const advice =
    'add ssmmessages:OpenDataChannel to the policy of the daemon (docs/guides/burst-to-fargate.md)';
  return new ProviderError('AuthFailed', `${text}: ${advice}`);
}

function failure(url: string, message: string): ProviderError {
  return new ProviderError('Retryable', `the WebSocket of the session to ${hostOf(url)}: ${message}`);
}

/** The URL itself may hold a signature. */
function hostOf(url: string): string {
  return new URL(url).host;
}
