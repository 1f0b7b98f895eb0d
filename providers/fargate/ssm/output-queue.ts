export interface OutputQueueDeps {
  /** Called when so much waits for the reader that no more should come, and when it has been taken. */
  onFull(): void;
  onRoom(): void;
}

/** Bytes that may wait for the reader. */
const highWaterBytes = 256 * 1024;

/** What a command wrote, until it is read. */
export class OutputQueue implements AsyncIterable<Buffer> {
  readonly #deps: OutputQueueDeps;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #full = false;
  #end: { readonly error?: Error } | undefined;
  #wake: () => void = () => undefined;

  constructor(deps: OutputQueueDeps) {
    this.#deps = deps;
  }

  push(chunk: Buffer): void {
    if (this.#end !== undefined || chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#wake();
    if (this.#full || this.#bytes < highWaterBytes) return;
    this.#full = true;
    this.#deps.onFull();
  }

  /** The reader gets what waits, and then the error if there is one. */
  end(error?: Error): void {
    this.#end ??= error === undefined ? {} : { error };
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      if (this.#chunks.length > 0) {
        const waiting = Buffer.concat(this.#chunks);
        this.#chunks = [];
        this.#bytes = 0;
        yield waiting;
        this.#emptied();
      } else if (this.#end !== undefined) {
        if (this.#end.error !== undefined) throw this.#end.error;
        return;
      } else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  #emptied(): void {
    if (!this.#full || this.#bytes >= highWaterBytes) return;
    this.#full = false;
    this.#deps.onRoom();
  }
}
