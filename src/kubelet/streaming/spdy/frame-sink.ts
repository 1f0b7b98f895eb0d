import type { Duplex } from 'node:stream';
import { dataTurns } from './data-turns.ts';
import type { InboxBudget } from './inbox.ts';

/** What is charged for a control frame beyond its bytes: the objects that hold it in the queue of the socket. */
const frameOverhead = 256;

export interface FrameSinkDeps {
  readonly socket: Duplex;
  /** Counts control frames that wait for the client to read. */
  readonly queue: InboxBudget;
  /** The system took something. */
  readonly onFlushed: () => void;
}

/**
 * Writes frames in the order of the calls. What is written in one turn of the event loop leaves in one system call.
 * Each stream has one write in the socket at a time and goes on when that is through, so that streams take turns.
 */
export class FrameSink {
  readonly #deps: FrameSinkDeps;
  #corked = false;
  #ended = false;

  constructor(deps: FrameSinkDeps) {
    this.#deps = deps;
  }

  control(frame: Buffer): void {
    if (this.#closed) return;
    const held = frame.length + frameOverhead;
    this.#deps.queue.hold(held);
    this.#write([frame], () => this.#deps.queue.release(held));
  }

  /** A frame that only matters when nothing else is under way, and is no sign of life. */
  probe(frame: Buffer): void {
    if (!this.#closed && this.#deps.socket.writableLength === 0) this.#deps.socket.write(frame);
  }

  /** `isOpen` is asked before each turn: what a stream that was reset has not sent yet is dropped. */
  data(
    streamId: number,
    chunks: readonly Buffer[],
    isOpen: () => boolean,
    done: (error?: Error | null) => void,
  ): void {
    const turns = dataTurns(streamId, chunks);
    const next = (error?: Error | null): void => {
      const failed = error !== undefined && error !== null;
      const turn = !failed && isOpen() && !this.#closed ? turns.next() : undefined;
      if (turn === undefined || turn.done === true) done(error);
      else this.#write(turn.value, next);
    };
    next();
  }

  /** One frame that the stream waits for. */
  frame(frame: Buffer, done: (error?: Error | null) => void): void {
    if (this.#closed) done();
    else this.#write([frame], done);
  }

  end(): void {
    if (this.#closed) return;
    this.#ended = true;
    this.#deps.socket.end();
  }

  get #closed(): boolean {
    return this.#ended || this.#deps.socket.destroyed;
  }

  #write(buffers: readonly Buffer[], done: (error?: Error | null) => void): void {
    const { socket, onFlushed } = this.#deps;
    this.#cork();
    for (const buffer of buffers.slice(0, -1)) socket.write(buffer);
    socket.write(buffers.at(-1) ?? Buffer.alloc(0), (error) => {
      if (error === undefined || error === null) onFlushed();
      done(error);
    });
  }

  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#deps.socket.cork();
    process.nextTick(() => {
      this.#corked = false;
      this.#deps.socket.uncork();
    });
  }
}
