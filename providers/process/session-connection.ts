import type { Socket } from 'node:net';
import type { ProviderClock } from '../contract/clock.ts';
import { ProviderError } from '../contract/errors.ts';
import { LineReader } from './line-reader.ts';
import type { OpenedLine, RuntimeLine, SessionRequest, ShimLine, StreamName } from './session-protocol.ts';
import { maxSessionLineBytes } from './session-protocol.ts';
import { ChannelLost } from './shim-channel.ts';

const lost = 'the connection to the shim was lost';
/** For the shim to say that the command is dead. */
const killMs = 5_000;

/** The runtime's side of the connection of one exec or attach. */
export class SessionConnection {
  /** Of the FIFOs, absolute. */
  readonly folder: string;
  readonly streams: readonly StreamName[];
  /** Resolves to the exit code. */
  readonly ended: Promise<number>;
  readonly #socket: Socket;
  readonly #closed: Promise<void>;

  private constructor(socket: Socket, opened: OpenedLine['opened'], ended: Promise<number>) {
    this.folder = opened.folder;
    this.streams = opened.streams;
    this.ended = ended;
    this.#socket = socket;
    this.#closed = new Promise((resolve) => {
      if (socket.closed) resolve();
      else socket.once('close', () => resolve());
    });
  }

  /**
   * Asks for a session; resolves when the shim has opened its streams. Nothing is begun before that: ChannelLost says that
   * the request may be made again. Takes over the socket.
   */
  static open(socket: Socket, request: SessionRequest, signal: AbortSignal): Promise<SessionConnection> {
    return new Promise((resolve, reject) => {
      const ended = Promise.withResolvers<number>();
      ended.promise.catch(() => {});
      const fail = (error: unknown): void => {
        reject(error);
        ended.reject(error);
      };
      const abort = (): void => {
        reject(signal.reason);
        socket.destroy();
      };
      const receive = (line: ShimLine): void => {
        if ('ended' in line) ended.resolve(line.ended);
        else if ('error' in line) fail(new ProviderError(line.error.kind, line.error.message));
        else {
          signal.removeEventListener('abort', abort);
          resolve(new SessionConnection(socket, line.opened, ended.promise));
        }
      };
      const reader = new LineReader(maxSessionLineBytes);
      socket.on('data', (chunk: Buffer) => {
        try {
          for (const line of reader.push(chunk)) receive(JSON.parse(line) as ShimLine);
        } catch (error) {
          fail(new ProviderError('Retryable', 'the shim sent what is no message', { cause: error }));
          socket.destroy();
        }
      });
      socket.on('error', () => {});
      socket.once('close', () => {
        signal.removeEventListener('abort', abort);
        reject(new ChannelLost(lost));
        ended.reject(new ProviderError('Retryable', lost));
      });
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) return abort();
      socket.write(encode({ request }));
    });
  }

  send(line: RuntimeLine): void {
    if (this.#socket.writable) this.#socket.write(encode(line));
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Says that nobody waits any more. The shim closes its side once the command is dead. */
  async leave(clock: ProviderClock): Promise<void> {
    this.#socket.end();
    const cancel = clock.schedule(killMs, () => this.#socket.destroy());
    await this.#closed;
    cancel();
  }
}

function encode(line: RuntimeLine): string {
  return `${JSON.stringify(line)}\n`;
}
