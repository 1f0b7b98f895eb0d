import { ProviderError } from '../errors.ts';

export type Piece =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'frame'; readonly body: string };

/** Longer than any body that the shell writes. */
const longestBody = 4096;
const semicolon = 0x3b;

/**
 * Takes frames (`<mark><body>;`) out of a stream, however its bytes are divided. It holds back what may be the beginning
 * of a frame, and nothing else. The first byte of the mark must not occur in it again.
 */
export class FrameScanner {
  readonly #mark: Buffer;
  #held: Buffer = Buffer.alloc(0);

  constructor(mark: string) {
    this.#mark = Buffer.from(mark);
  }

  push(chunk: Buffer): Piece[] {
    const pieces: Piece[] = [];
    let rest = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    for (;;) {
      const at = rest.indexOf(this.#mark);
      const end = at < 0 ? -1 : rest.indexOf(semicolon, at + this.#mark.length);
      const clear = at < 0 ? this.#clearOf(rest) : at;
      if (clear > 0) pieces.push({ kind: 'bytes', bytes: rest.subarray(0, clear) });
      if (end < 0) {
        this.#hold(rest.subarray(clear));
        return pieces;
      }
      pieces.push({ kind: 'frame', body: rest.toString('latin1', at + this.#mark.length, end) });
      rest = rest.subarray(end + 1);
    }
  }

  /** How many bytes cannot belong to a mark that is not there in full. */
  #clearOf(rest: Buffer): number {
    const at = rest.lastIndexOf(this.#mark[0] ?? 0);
    const tail = rest.length - at;
    const mayBegin =
      at >= 0 && tail < this.#mark.length && this.#mark.compare(rest, at, rest.length, 0, tail) === 0;
    return mayBegin ? at : rest.length;
  }

  #hold(bytes: Buffer): void {
    if (bytes.length > this.#mark.length + longestBody)
      throw new ProviderError('Retryable', 'the shell in the container wrote a frame that has no end');
    this.#held = bytes;
  }
}
