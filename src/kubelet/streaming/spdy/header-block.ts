import { StreamError } from './errors.ts';

/** Values by lower-case name. */
export type SpdyHeaders = ReadonlyMap<string, readonly string[]>;

/** Several values of one name are one string, joined by NUL. */
const separator = '\0';
const upperCase = /[A-Z]/;

/**
 * An inflated header block: a count, then as many names and values, each behind its length; all lengths of 32 bits.
 * Throws StreamError, because the block is wrong but the next one can be read.
 */
export function parseHeaders(block: Buffer, streamId: number): SpdyHeaders {
  const reader = new BlockReader(block, streamId);
  const headers = new Map<string, readonly string[]>();
  for (let left = reader.number(); left > 0; left--) {
    const name = reader.text();
    const value = reader.text();
    if (name === '' || upperCase.test(name) || headers.has(name))
      throw new StreamError(
        streamId,
        'PROTOCOL_ERROR',
        'a header name is empty, twice there or not in lower case',
      );
    headers.set(name, value.split(separator));
  }
  return headers;
}

class BlockReader {
  readonly #block: Buffer;
  readonly #streamId: number;
  #at = 0;

  constructor(block: Buffer, streamId: number) {
    this.#block = block;
    this.#streamId = streamId;
  }

  number(): number {
    return this.#take(4).readUInt32BE(0);
  }

  text(): string {
    return this.#take(this.number()).toString('utf8');
  }

  #take(bytes: number): Buffer {
    const end = this.#at + bytes;
    if (end > this.#block.length)
      throw new StreamError(this.#streamId, 'PROTOCOL_ERROR', 'a header block is shorter than it says');
    const taken = this.#block.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}
