import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { ProviderError } from '../contract/errors.ts';
import { LineReader } from './line-reader.ts';
import type { Method, Methods, ShimMessage } from './protocol.ts';
import { maxLineBytes } from './protocol.ts';
import type { StateRecord } from './records.ts';

/** The connection ended before the answer came: the call may or may not have been carried out. */
export class ChannelLost extends Error {
  override readonly name = 'ChannelLost';
}

const lost = 'the connection to the shim was lost';

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** One connection to a shim: calls and their answers, and the states that it sends. */
export class ShimChannel {
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;

  constructor(socket: Socket, onState: (state: StateRecord) => void) {
    this.#socket = socket;
    const reader = new LineReader(maxLineBytes);
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const line of reader.push(chunk)) this.#receive(JSON.parse(line), onState);
      } catch (error) {
        socket.destroy(error instanceof Error ? error : undefined);
      }
    });
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        for (const { reject } of this.#pending.values()) reject(new ChannelLost(lost));
        this.#pending.clear();
        resolve();
      });
    });
  }

  /** Rejects with ChannelLost, with what the shim says, or with the signal's reason; the call goes on then. */
  async request<M extends Method>(
    method: M,
    params: Methods[M]['params'],
    signal: AbortSignal,
  ): Promise<Methods[M]['result']> {
    signal.throwIfAborted();
    if (this.#socket.destroyed) throw new ChannelLost(lost);
    this.#lastId += 1;
    const id = this.#lastId;
    const line = `${JSON.stringify({ id, method, params })}\n`;
    if (Buffer.byteLength(line) > maxLineBytes)
      throw new ProviderError(
        'InvalidSpec',
        `command, arguments and environment together are larger than ${maxLineBytes} bytes`,
      );
    const answer = new Promise<unknown>((resolve, reject) => this.#pending.set(id, { resolve, reject }));
    const cancel = (): void => this.#pending.get(id)?.reject(signal.reason);
    signal.addEventListener('abort', cancel, { once: true });
    this.#socket.write(line);
    try {
      return (await answer) as Methods[M]['result'];
    } finally {
      this.#pending.delete(id);
      signal.removeEventListener('abort', cancel);
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(message: ShimMessage, onState: (state: StateRecord) => void): void {
    if ('state' in message) {
      onState(message.state);
      return;
    }
    const pending = this.#pending.get(message.id);
    if ('error' in message) pending?.reject(new ProviderError(message.error.kind, message.error.message));
    else pending?.resolve(message.result);
  }
}

export function connectTo(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}
