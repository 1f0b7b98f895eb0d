import { Duplex } from 'node:stream';
import { type ServerFrame, serverFrames } from './server-frames.ts';

/** A socket whose other end is the test. */
export class MemorySocket extends Duplex {
  readonly #written: Buffer[] = [];
  #stalled = false;
  #waiting: ((error?: Error) => void) | undefined;

  /** The client sends. */
  feed(...chunks: readonly Buffer[]): void {
    for (const chunk of chunks) this.push(chunk);
  }

  /** The client closes its side. */
  leave(): void {
    this.push(null);
  }

  /** The client does not read: one write is under way, the others wait. */
  stall(): void {
    this.#stalled = true;
  }

  unstall(): void {
    this.#stalled = false;
    this.#waiting?.();
    this.#waiting = undefined;
  }

  /** All that was written and not taken yet. */
  drain(): Buffer {
    return Buffer.concat(this.#written.splice(0));
  }

  frames(): ServerFrame[] {
    return serverFrames(this.drain());
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.#written.push(chunk);
    if (this.#stalled) this.#waiting = done;
    else done();
  }

  override _writev(items: readonly { readonly chunk: Buffer }[], done: (error?: Error) => void): void {
    this._write(Buffer.concat(items.map(({ chunk }) => chunk)), '', done);
  }

  /** As a socket of the system, it gives the write up that is under way. */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#waiting?.(error ?? new Error('the socket was destroyed'));
    this.#waiting = undefined;
    done(error);
  }
}
