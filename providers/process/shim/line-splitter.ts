export interface Line {
  readonly data: Buffer;
  /** It was cut for its length, or the stream ended in the middle of it. */
  readonly partial: boolean;
}

/** As containerd's default: a longer line is cut into records of this size. */
export const maxLineBytes = 16 * 1024;

/** Cuts one output stream into lines. What has no newline yet is held back, at most {@link maxLineBytes} of it. */
export class LineSplitter {
  #pending: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): Line[] {
    const lines: Line[] = [];
    const bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    let from = 0;
    while (from < bytes.length) {
      const newline = bytes.indexOf(0x0a, from);
      const end = newline === -1 ? bytes.length : newline;
      if (end - from > maxLineBytes) {
        lines.push({ data: bytes.subarray(from, from + maxLineBytes), partial: true });
        from += maxLineBytes;
      } else if (newline === -1) {
        break;
      } else {
        lines.push({ data: bytes.subarray(from, end), partial: false });
        from = end + 1;
      }
    }
    this.#pending = Buffer.from(bytes.subarray(from));
    return lines;
  }

  /** What is left at the end of the stream. */
  end(): Line[] {
    if (this.#pending.length === 0) return [];
    const rest = { data: this.#pending, partial: true };
    this.#pending = Buffer.alloc(0);
    return [rest];
  }
}
