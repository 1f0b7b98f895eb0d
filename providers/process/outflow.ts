import type { Readable, Writable } from 'node:stream';
import type { ProviderClock } from '../contract/clock.ts';

/** How long output is waited for that background processes of a command may still write after its end. */
const quietMs = 500;
/** All that a pipe can hold (fs.pipe-max-size). What comes beyond it was written after the end of the command. */
const pipeBytes = 1024 * 1024;

/** Carries the output of a process to where it is wanted, at the pace of the latter, which it neither ends nor destroys. */
export class Outflow {
  /** Resolves when the output has ended and everything was taken; rejects when the sink took no more. */
  readonly ended: Promise<void>;
  readonly #source: Readable;
  readonly #sink: Writable;
  readonly #clock: ProviderClock;
  readonly #settled = Promise.withResolvers<void>();
  #untaken = 0;
  #isOver = false;
  /** Bytes that may still come; undefined while the process lives. */
  #rest: number | undefined;
  #cancelQuiet = (): void => {};

  constructor(source: Readable, sink: Writable, clock: ProviderClock) {
    this.#source = source;
    this.#sink = sink;
    this.#clock = clock;
    this.ended = this.#settled.promise.finally(() => this.#leave());
    this.ended.catch(() => {});
    sink.on('drain', this.#resume).on('error', this.#fail).on('close', this.#closed);
    if (sink.destroyed) this.#closed();
    source.on('data', (chunk: Buffer) => this.#take(chunk));
    // An error is an end: 'close' follows.
    source.on('error', () => {}).once('close', () => this.#end());
  }

  /**
   * The process has ended: its own output is in the pipe by now and is read. Others may hold the pipe open; they are
   * waited for while they write something, within bounds.
   */
  finish(): void {
    if (this.#rest !== undefined) return;
    this.#rest = pipeBytes + this.#source.readableLength;
    this.#awaitQuiet();
  }

  stop(): void {
    this.#source.destroy();
    this.#fail(new Error('stopped'));
  }

  #take(chunk: Buffer): void {
    this.#untaken += 1;
    const room = this.#sink.write(chunk, (error) => {
      this.#untaken -= 1;
      if (error) this.#fail(error);
      else if (this.#isOver && this.#untaken === 0) this.#settled.resolve();
    });
    if (!room) this.#source.pause();
    if (this.#rest === undefined) return;
    this.#rest -= chunk.length;
    if (this.#rest < 0) this.#source.destroy();
    else if (room) this.#awaitQuiet();
    else this.#cancelQuiet();
  }

  readonly #resume = (): void => {
    this.#source.resume();
    if (this.#rest !== undefined) this.#awaitQuiet();
  };

  /** Time counts only while this side is ready to read. A look at the pipe comes between the alarm and what follows from it. */
  #awaitQuiet(): void {
    this.#cancelQuiet();
    const rest = this.#rest;
    this.#cancelQuiet = this.#clock.schedule(quietMs, () =>
      setImmediate(() =>
        setImmediate(() => {
          if (this.#rest === rest && !this.#source.isPaused()) this.#source.destroy();
        }),
      ),
    );
  }

  #end(): void {
    this.#isOver = true;
    this.#cancelQuiet();
    if (this.#untaken === 0) this.#settled.resolve();
  }

  readonly #fail = (error: Error): void => this.#settled.reject(error);

  readonly #closed = (): void => this.#fail(new Error('nobody takes the output any more'));

  #leave(): void {
    this.#cancelQuiet();
    this.#sink.off('drain', this.#resume).off('error', this.#fail).off('close', this.#closed);
  }
}
