import { Duplex } from 'node:stream';
import type { SpdyHeaders } from './header-block.ts';
import type { Inbox } from './inbox.ts';
import type { ResetStatus } from './protocol.ts';

/** What a stream asks of its connection. All of it does nothing once the connection is over, except that `done` is called. */
export interface StreamLink {
  reply(streamId: number): void;
  send(streamId: number, chunks: readonly Buffer[], done: Done): void;
  /** The end of our direction. */
  finish(streamId: number, done: Done): void;
  /** RST_STREAM, if the stream is not over for both sides. */
  reset(streamId: number, status: ResetStatus): void;
}

type Done = (error?: Error | null) => void;

/**
 * One stream of a client. Reading ends on its FIN, `end()` sends ours: each direction closes by itself. It fails with
 * StreamResetError when the client resets it and with ConnectionOverError when the connection ends before it.
 *
 * What is written waits for reply(), and is sent in order and with back-pressure: a write is done when the system took
 * it. `destroy()` and `reset()` drop what is not sent yet; wait for 'finish' where it must arrive. What is not read holds
 * up the other streams of the connection in time, so a stream that nobody reads has to be resumed or reset. As with every
 * Duplex of Node, an async iterator over it destroys it, both directions, when it ends.
 */
export class SpdyStream extends Duplex {
  readonly id: number;
  /** Names in lower case; several values of a name are split. */
  readonly headers: SpdyHeaders;
  readonly #link: StreamLink;
  readonly #inbox: Inbox;
  #resetStatus: ResetStatus | undefined;
  #replied = false;
  /** The write that waits for reply(). */
  #held: { readonly send: () => void; readonly done: Done } | undefined;

  constructor(deps: {
    readonly id: number;
    readonly headers: SpdyHeaders;
    readonly link: StreamLink;
    readonly inbox: Inbox;
  }) {
    // A readable buffer of one piece: the bytes that wait are those of the inbox, which the connection counts.
    super({ readableHighWaterMark: 1 });
    this.id = deps.id;
    this.headers = deps.headers;
    this.#link = deps.link;
    this.#inbox = deps.inbox;
    // The client can reset a stream at any time; an owner that does not listen (any more) must not crash the node.
    this.on('error', () => undefined);
  }

  /** Accepts the stream: SYN_REPLY, and then what was written meanwhile. */
  reply(): void {
    if (this.#replied || this.destroyed) return;
    this.#replied = true;
    this.#link.reply(this.id);
    this.#held?.send();
    this.#held = undefined;
  }

  /** Ends both directions at once. */
  reset(status: ResetStatus): void {
    this.#resetStatus ??= status;
    this.destroy();
  }

  override _read(): void {
    const piece = this.#inbox.take(() => this._read());
    if (piece !== undefined) this.push(piece);
  }

  override _write(chunk: Buffer, _encoding: string, done: Done): void {
    this.#afterReply(() => this.#link.send(this.id, [chunk], done), done);
  }

  override _writev(items: readonly { readonly chunk: Buffer }[], done: Done): void {
    const chunks = items.map((item) => item.chunk);
    this.#afterReply(() => this.#link.send(this.id, chunks, done), done);
  }

  override _final(done: Done): void {
    this.#afterReply(() => this.#link.finish(this.id, done), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#link.reset(this.id, this.#resetStatus ?? (error === null ? 'CANCEL' : 'INTERNAL_ERROR'));
    this.#inbox.close();
    this.#held?.done(error ?? new Error('the stream was reset before it was accepted'));
    this.#held = undefined;
    done(error);
  }

  #afterReply(send: () => void, done: Done): void {
    if (this.#replied) send();
    else this.#held = { send, done };
  }
}
