import { Duplex, type DuplexOptions } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import type { Clock } from '../../../telemetry/clock.ts';
import { IdleTimer } from '../idle-timer.ts';
import { type ChannelProtocol, decode, encode } from './channel-protocol.ts';

export interface ChannelSocketDeps {
  readonly clock: Clock;
  readonly webSocket: WebSocket;
  readonly protocol: ChannelProtocol;
}

export interface Direction {
  /** The client writes to it. */
  readonly readable: boolean;
  /** The client reads from it. */
  readonly writable: boolean;
}

/**
 * So that gateways in between see that the connection lives, and a client that left is found out while its input is not
 * read: the second ping fails. Answers are not asked for, since some clients read only now and then.
 */
const pingMs = 10_000;
/** As the kubelet's streamingConnectionIdleTimeout: no byte either way for so long, and the connection ends. */
const idleMs = 4 * 3_600_000;
/** Bytes that may wait for the client before writers have to. */
const highWaterBytes = 256 * 1024;

/**
 * A WebSocket that carries numbered channels, each of them a stream. While one of them is full the socket is not read, and
 * while the client is slow writers wait. What comes for a channel that nobody opened, or nobody reads any more, is
 * dropped.
 */
export class ChannelSocket {
  readonly #deps: ChannelSocketDeps;
  readonly #gone = new AbortController();
  readonly #channels = new Map<number, Channel>();
  readonly #full = new Set<Channel>();
  readonly #idle: IdleTimer;
  #closing = false;
  #cancelPing: () => void = () => undefined;

  constructor(deps: ChannelSocketDeps) {
    this.#deps = deps;
    const { clock, webSocket } = deps;
    this.#idle = new IdleTimer(clock, idleMs, () => this.#farewell(1001, 'nothing came or went for 4 hours'));
    webSocket.on('message', (message) => this.#onMessage(message));
    for (const event of ['ping', 'pong'] as const) webSocket.on(event, () => this.#idle.touch());
    webSocket.on('error', () => webSocket.terminate());
    webSocket.once('close', () => this.#onClose());
    this.#ping();
  }

  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  channel(number: number, direction: Direction): Channel {
    const channel: Channel = new Channel(direction, {
      wanted: () => {
        this.#full.delete(channel);
        if (this.#full.size === 0 && this.#deps.webSocket.isPaused) this.#deps.webSocket.resume();
      },
      send: (data) => this.send(number, data),
    });
    this.#channels.set(number, channel);
    return channel;
  }

  /** Resolves when there is room for more. */
  send(channel: number, data: Uint8Array): Promise<void> {
    const { webSocket, protocol } = this.#deps;
    const message = encode(protocol, channel, data);
    return new Promise((resolve, reject) => {
      webSocket.send(message, (error) => {
        if (error) return reject(error);
        this.#idle.touch();
        resolve();
      });
      if (webSocket.bufferedAmount < highWaterBytes) resolve();
    });
  }

  /** Sends what is left, closes as the protocol wants it, and resolves when the connection has ended. */
  async close(): Promise<void> {
    if (this.#gone.signal.aborted) return;
    const closed = new Promise<void>((resolve) =>
      this.#gone.signal.addEventListener('abort', () => resolve(), { once: true }),
    );
    this.#farewell(1000);
    await closed;
  }

  destroy(): void {
    this.#deps.webSocket.terminate();
  }

  /** Nobody reads any more; but the answer to the close message comes behind all that was sent before it. */
  #farewell(code: number, why?: string): void {
    const { webSocket } = this.#deps;
    this.#closing = true;
    webSocket.resume();
    webSocket.close(code, why);
  }

  #onMessage(message: RawData): void {
    const { protocol, webSocket } = this.#deps;
    this.#idle.touch();
    // Always one buffer: that is what `binaryType` says unless it was changed.
    if (this.#closing || !Buffer.isBuffer(message) || message.length === 0) return;
    const decoded = decode(protocol, message);
    if (decoded.kind === 'bad') {
      this.#farewell(1002, decoded.why);
      return;
    }
    const channel = this.#channels.get(decoded.channel);
    if (decoded.kind === 'end') channel?.ended();
    else if (channel?.received(decoded.data) === false) {
      this.#full.add(channel);
      webSocket.pause();
    }
  }

  #onClose(): void {
    this.#cancelPing();
    this.#idle.stop();
    this.#gone.abort();
    for (const channel of this.#channels.values()) channel.destroy(new Error('the client has left'));
  }

  #ping(): void {
    const { clock, webSocket } = this.#deps;
    this.#cancelPing = clock.schedule(pingMs, () => {
      webSocket.ping();
      this.#ping();
    });
  }
}

interface ChannelDeps {
  /** Called when there is room for more from the client. */
  readonly wanted: () => void;
  readonly send: (data: Uint8Array) => Promise<void>;
}

export class Channel extends Duplex {
  readonly #deps: ChannelDeps;
  #receives: boolean;

  constructor(direction: Direction, deps: ChannelDeps) {
    // The types do not know these two options of Duplex.
    super(direction as DuplexOptions);
    this.#deps = deps;
    this.#receives = direction.readable;
    // Whoever uses the stream learns of it from its calls; a connection that is lost must not end the daemon.
    this.on('error', () => undefined);
  }

  /** False when it is full. */
  received(data: Buffer): boolean {
    return !this.#receives || this.destroyed || data.length === 0 || this.push(data);
  }

  ended(): void {
    if (this.#receives && !this.destroyed) this.push(null);
    this.#receives = false;
  }

  override _read(): void {
    this.#deps.wanted();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#deps.send(chunk).then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#deps.wanted();
    done(error);
  }
}
