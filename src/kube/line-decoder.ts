const newline = 0x0a;

/** Cuts a byte stream into lines. Holds at most one unfinished line, of at most `maxBytes`. */
export class LineDecoder {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes of the line that has no end yet. */
  get pending(): number {
    return this.#bytes;
  }

  /** The lines that end in this chunk, without their newline; empty ones are left out. Throws RangeError past the cap. */
  *push(chunk: Buffer): Generator<string, void, undefined> {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(newline, start);
      if (end === -1) break;
      this.#hold(chunk.subarray(start, end));
      const line = this.#take();
      if (line !== '') yield line;
      start = end + 1;
    }
    this.#hold(chunk.subarray(start));
  }

  #hold(part: Buffer): void {
    if (part.length === 0) return;
    this.#bytes += part.length;
    if (this.#bytes > this.#maxBytes) throw new RangeError(`a line is longer than ${this.#maxBytes} bytes`);
    this.#parts.push(part);
  }

  #take(): string {
    const [first] = this.#parts;
    const whole =
      this.#parts.length === 1 && first !== undefined ? first : Buffer.concat(this.#parts, this.#bytes);
    this.#parts = [];
    this.#bytes = 0;
    return whole.toString('utf8').trim();
  }
}
