import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Status } from '../../../kube/types.ts';

/** A client of a channel protocol, with `ws` on the other end. For tests. */
export class ChannelClient {
  readonly webSocket: WebSocket;
  readonly #received = new Map<number, Buffer[]>();
  /** The channel of each message, in order. */
  readonly order: number[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #base64: boolean;
  readonly #waiting = new Set<() => void>();

  constructor(url: string, protocol?: string) {
    this.webSocket = new WebSocket(url, protocol === undefined ? [] : [protocol]);
    this.#base64 = protocol?.includes('base64') ?? false;
    this.closed = new Promise((resolve) =>
      this.webSocket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    );
    this.webSocket.on('error', () => undefined);
    this.webSocket.on('message', (message: Buffer) => this.#onMessage(message));
  }

  async opened(): Promise<this> {
    if (this.webSocket.readyState === WebSocket.CONNECTING) await once(this.webSocket, 'open');
    return this;
  }

  /** Resolves when the text has come on the channel. */
  async read(channel: number, text: string): Promise<void> {
    while (!this.text(channel).includes(text))
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
      });
  }

  text(channel: number): string {
    return this.bytes(channel).toString();
  }

  /** What came on the channel. */
  bytes(channel: number): Buffer {
    return Buffer.concat(this.#received.get(channel) ?? []);
  }

  /** The status object; undefined when none came. */
  async status(): Promise<Status | undefined> {
    await this.closed;
    const text = this.text(3);
    return text === '' ? undefined : JSON.parse(text);
  }

  send(channel: number, data: string | Uint8Array): void {
    const bytes = Buffer.from(data);
    if (this.#base64) this.webSocket.send(`${channel}${bytes.toString('base64')}`);
    else this.webSocket.send(Buffer.concat([Buffer.from([channel]), bytes]));
  }

  #onMessage(message: Buffer): void {
    const first = message[0] ?? 0;
    const channel = this.#base64 ? Number(String.fromCharCode(first)) : first;
    const rest = message.subarray(1);
    const data = this.#base64 ? Buffer.from(rest.toString(), 'base64') : rest;
    this.order.push(channel);
    this.#received.set(channel, [...(this.#received.get(channel) ?? []), data]);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
