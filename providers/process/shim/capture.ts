import type { Readable, Writable } from 'node:stream';
import type { ProviderClock } from '../../contract/clock.ts';
import { LineSplitter } from './line-splitter.ts';
import type { LogWriter } from './log-writer.ts';

/** Somebody who looks at the output of a run from now on. */
export interface Onlooker {
  readonly stdout: Writable | undefined;
  readonly stderr: Writable | undefined;
}

/** Carries the output of a run into its log, and to those who are attached to it: at the pace of the slowest. */
export class Capture {
  readonly #log: LogWriter;
  readonly #streams: readonly Readable[];
  readonly #onlookers = new Set<Onlooker>();
  readonly #ended: Promise<unknown>;
  #isFinishing = false;

  /** `streams`: stdout, stderr; or stdout alone. */
  constructor(log: LogWriter, streams: readonly Readable[]) {
    this.#log = log;
    this.#streams = streams;
    this.#ended = Promise.all(
      streams.map((stream, index) => this.#carry(stream, index === 0 ? 'stdout' : 'stderr')),
    );
  }

  /** Until the returned function is called. */
  show(onlooker: Onlooker): () => void {
    this.#onlookers.add(onlooker);
    return () => {
      this.#onlookers.delete(onlooker);
    };
  }

  /** Waits for the end of the output, but not longer than `timeoutMs`, and closes the log. */
  async finish(timeoutMs: number, clock: ProviderClock): Promise<void> {
    // What is still in the pipes is little, and must not wait for those who look on.
    this.#isFinishing = true;
    for (const stream of this.#streams) stream.resume();
    const cancel = clock.schedule(timeoutMs, () => {
      for (const stream of this.#streams) stream.destroy();
    });
    await this.#ended;
    cancel();
    this.#log.close();
  }

  #carry(stream: Readable, name: 'stdout' | 'stderr'): Promise<void> {
    const splitter = new LineSplitter();
    const full = new Set<Writable>();
    stream.on('data', (chunk: Buffer) => {
      this.#log.write(name, splitter.push(chunk));
      for (const { [name]: sink } of this.#onlookers) {
        if (sink === undefined || sink.destroyed || sink.write(chunk) || full.has(sink)) continue;
        full.add(sink);
        const go = (): void => {
          sink.off('drain', go).off('close', go);
          if (full.delete(sink) && full.size === 0) stream.resume();
        };
        sink.on('drain', go).on('close', go);
      }
      if (full.size > 0 && !this.#isFinishing) stream.pause();
    });
    // An error ends the stream; 'close' follows in any case. A terminal has no other end.
    stream.on('error', (error) => {
      if (!('code' in error && error.code === 'EIO'))
        console.error(`${name} could not be read: ${error.message}`);
    });
    return new Promise((resolve) => {
      stream.once('close', () => {
        this.#log.write(name, splitter.end());
        resolve();
      });
    });
  }
}
