import type { Writable } from 'node:stream';
import { ProviderError } from '../errors.ts';
import { FrameScanner } from './frames.ts';
import { Sink } from './sink.ts';

/** One output of a command, behind whose end the shell writes a mark and the exit code. */
export class MarkedOutput {
  readonly #scanner: FrameScanner;
  readonly #sink: Sink;
  #code: number | undefined;

  constructor(endMark: string, target: Writable | undefined) {
    this.#scanner = new FrameScanner(endMark);
    this.#sink = new Sink(target);
  }

  /** Undefined until the output has ended. */
  get code(): number | undefined {
    return this.#code;
  }

  /** Resolves when there is room for more. What others write behind the end is dropped. */
  async take(bytes: Buffer): Promise<void> {
    if (this.#code !== undefined) return;
    for (const piece of this.#scanner.push(bytes)) {
      if (piece.kind === 'frame') {
        if (!/^\d{1,3}$/.test(piece.body))
          throw new ProviderError('Retryable', 'the shell in the container told no exit code');
        this.#code = Number(piece.body);
        return;
      }
      await this.#sink.write(piece.bytes);
    }
  }

  taken(): Promise<void> {
    return this.#sink.taken();
  }
}
