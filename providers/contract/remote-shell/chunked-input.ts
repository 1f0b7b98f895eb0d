/** What is on the way and not yet handed to the command fits into a pipe (64 KiB, pipe(7)), lengths included. */
const chunkBytes = 12 * 1024;
const chunksOnTheWay = 4;

/**
 * Input in chunks that the shell in the container confirms one by one, so that no queue on the way is ever full: behind
 * a full one neither a new size nor the end of the session would get through.
 */
export class ChunkedInput {
  readonly #write: (bytes: Buffer) => Promise<void>;
  #free = chunksOnTheWay;
  #isRefused = false;
  #wake = (): void => undefined;

  constructor(write: (bytes: Buffer) => Promise<void>) {
    this.#write = write;
  }

  async send(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      while (this.#free === 0 && !this.#isRefused)
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      if (this.#isRefused) return;
      this.#free--;
      const chunk = bytes.subarray(at, at + chunkBytes);
      await this.#write(Buffer.concat([Buffer.from(`${chunk.length}\n`), chunk]));
    }
  }

  /** The command has one chunk more. */
  taken(): void {
    this.#free++;
    this.#wake();
  }

  /** The command has closed its input: the rest of it is dropped, so that it blocks nothing on its way here. */
  refused(): void {
    this.#isRefused = true;
    this.#wake();
  }
}
