import type { Readable } from 'node:stream';
import type { ProviderClock } from '../../contract/clock.ts';
import { LineSplitter } from './line-splitter.ts';
import type { LogWriter } from './log-writer.ts';

/** Carries the two output streams of a run into its log. */
export class Capture {
  readonly #log: LogWriter;
  readonly #streams: readonly Readable[];
  readonly #ended: Promise<unknown>;

  /** `streams`: stdout, stderr. */
  constructor(log: LogWriter, streams: readonly Readable[]) {
    this.#log = log;
    this.#streams = streams;
    this.#ended = Promise.all(
      streams.map((stream, index) => this.#carry(stream, index === 0 ? 'stdout' : 'stderr')),
    );
  }

  /** Waits for the end of the output, but not longer than `timeoutMs`, and closes the log. */
  async finish(timeoutMs: number, clock: ProviderClock): Promise<void> {
    const cancel = clock.schedule(timeoutMs, () => {
      for (const stream of this.#streams) stream.destroy();
    });
    await this.#ended;
    cancel();
    this.#log.close();
  }

  #carry(stream: Readable, name: 'stdout' | 'stderr'): Promise<void> {
    const splitter = new LineSplitter();
    stream.on('data', (chunk: Buffer) => this.#log.write(name, splitter.push(chunk)));
    // An error ends the stream; 'close' follows in any case.
    stream.on('error', (error) => console.error(`${name} could not be read: ${error.message}`));
    return new Promise((resolve) => {
      stream.once('close', () => {
        this.#log.write(name, splitter.end());
        resolve();
      });
    });
  }
}
