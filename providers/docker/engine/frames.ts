import { ProviderError } from '../../contract/errors.ts';

/** A piece of output, as the engine sends several streams over one (moby pkg/stdcopy). */
export interface Frame {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Buffer;
}

/** An eight byte header: stream, three zeros, length (big endian). */
const headerBytes = 8;
/** Far more than an engine ever sends at once. */
const defaultMaxFrameBytes = 4 * 2 ** 20;

/** Takes frames apart, however the network has cut them. What has come of a frame is given on at once. */
export class FrameReader {
  readonly #maxFrameBytes: number;
  readonly #header = Buffer.alloc(headerBytes);
  #headerFilled = 0;
  /** Bytes of the frame that are still to come. */
  #rest = 0;

  constructor(maxFrameBytes: number = defaultMaxFrameBytes) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** False in the middle of a frame: a stream that ends here was cut. */
  get isWhole(): boolean {
    return this.#headerFilled === 0;
  }

  /** `ends`: with it the frame is complete. */
  push(chunk: Uint8Array): (Frame & { readonly ends: boolean })[] {
    const pieces: (Frame & { readonly ends: boolean })[] = [];
    let left = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    while (left.length > 0) {
      if (this.#headerFilled < headerBytes) {
        const taken = left.copy(this.#header, this.#headerFilled);
        this.#headerFilled += taken;
        left = left.subarray(taken);
        if (this.#headerFilled < headerBytes) break;
        this.#rest = this.#header.readUInt32BE(4);
        if (this.#rest > this.#maxFrameBytes || this.#header.readUIntBE(1, 3) !== 0)
          throw new ProviderError('Retryable', 'the engine sent output that is not divided into frames');
      }
      const data = left.subarray(0, this.#rest);
      left = left.subarray(data.length);
      this.#rest -= data.length;
      const ends = this.#rest === 0;
      if (data.length > 0 || ends) pieces.push({ stream: streamOf(this.#header[0], data), data, ends });
      if (ends) this.#headerFilled = 0;
    }
    return pieces;
  }
}

/** Whole frames. A stream that ends within one gives all before it. */
export async function* readFrames(
  chunks: AsyncIterable<Uint8Array>,
  maxFrameBytes?: number,
): AsyncGenerator<Frame, void, undefined> {
  const reader = new FrameReader(maxFrameBytes);
  let begun: Buffer[] = [];
  for await (const chunk of chunks)
    for (const { stream, data, ends } of reader.push(chunk)) {
      begun.push(data);
      if (!ends) continue;
      yield { stream, data: begun.length === 1 ? data : Buffer.concat(begun) };
      begun = [];
    }
}

function streamOf(kind: number | undefined, data: Buffer): Frame['stream'] {
  if (kind === 1) return 'stdout';
  if (kind === 2) return 'stderr';
  if (kind === 3) throw new ProviderError('Retryable', `the engine broke off the output: ${data.toString()}`);
  throw new ProviderError('Retryable', `the engine sent output of an unknown stream (${kind})`);
}
