import { createCipheriv, createHash } from 'node:crypto';
import { Readable } from 'node:stream';

export interface Bulk {
  readonly bytes: number;
  readonly sha256: string;
}

const blockBytes = 256 * 1024;

/** Bytes that do not compress and are the same every time. */
function* blocks(bytes: number): Generator<Buffer> {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16));
  const zeros = Buffer.alloc(blockBytes);
  for (let left = bytes; left > 0; left -= blockBytes)
    yield cipher.update(left < blockBytes ? zeros.subarray(0, left) : zeros);
}

export function bulk(bytes: number): Readable {
  return Readable.from(blocks(bytes), { objectMode: false });
}

export function bulkDigest(bytes: number): Bulk {
  const digest = new Digest();
  for (const block of blocks(bytes)) digest.take(block);
  return digest.value;
}

/** Counts and hashes what passes; keeps the beginning as text. */
export class Digest {
  readonly #hash = createHash('sha256');
  readonly #begin: Buffer[] = [];
  #bytes = 0;

  take(data: Buffer): void {
    if (this.#bytes < 64 * 1024) this.#begin.push(data.subarray(0, 64 * 1024));
    this.#hash.update(data);
    this.#bytes += data.length;
  }

  get text(): string {
    return Buffer.concat(this.#begin).toString();
  }

  get value(): Bulk {
    return { bytes: this.#bytes, sha256: this.#hash.copy().digest('hex') };
  }
}
