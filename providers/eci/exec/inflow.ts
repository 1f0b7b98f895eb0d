import type { ProviderError } from '../../contract/index.ts';

/** Bytes that may wait for their reader before nothing more is fetched. */
const highWaterBytes = 256 * 1024;

/**
 * Bytes between a socket and the one who reads them. Unlike a stream that is destroyed it loses none of them when the
 * connection breaks: they are read first, and then the error.
 */
export class Inflow implements AsyncIterable<Buffer> {
  readonly #onRoom: () => void;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #isLeft = false;
  #end: { readonly error: ProviderError | undefined } | undefined;
  #wake: () => void = () => undefined;

  /** Calls back whenever there is room again. */
  constructor(onRoom: () => void) {
    this.#onRoom = onRoom;
  }

  get isFull(): boolean {
    return this.#bytes >= highWaterBytes;
  }

  push(chunk: Buffer): void {
    if (this.#isLeft || this.#end !== undefined || chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#wake();
  }

  /** The first end counts. */
  end(error?: ProviderError): void {
    this.#end ??= { error };
    this.#wake();
  }

  /** For one reader. What comes after it has left is dropped. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    try {
      for (;;) {
        const chunk = this.#chunks.shift();
        if (chunk !== undefined) {
          yield chunk;
          const wasFull = this.isFull;
          this.#bytes -= chunk.length;
          if (wasFull && !this.isFull) this.#onRoom();
        } else if (this.#end !== undefined) {
          if (this.#end.error) throw this.#end.error;
          return;
        } else
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
      }
    } finally {
      this.#isLeft = true;
      this.#chunks = [];
      this.#bytes = 0;
      this.#onRoom();
    }
  }
}
