import { Writable } from 'node:stream';

/** Keeps what is written to it, up to a limit; what goes beyond it is a failure, for nobody should take a part for the whole. */
export class CollectedOutput extends Writable {
  readonly #chunks: Buffer[] = [];
  readonly #maxBytes: number;
  readonly #onOverflow: (error: Error) => void;
  #length = 0;

  constructor(maxBytes: number, onOverflow: (error: Error) => void) {
    super();
    this.#maxBytes = maxBytes;
    this.#onOverflow = onOverflow;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#length += chunk.length;
    if (this.#length <= this.#maxBytes) this.#chunks.push(chunk);
    else this.#onOverflow(new Error(`the output is longer than ${this.#maxBytes} bytes`));
    done();
  }
}
