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

/** Puts frames together, however the network has cut them. A stream that ends within a frame gives all whole ones. */
export async function* readFrames(
  chunks: AsyncIterable<Uint8Array>,
  maxFrameBytes: number = defaultMaxFrameBytes,
): AsyncGenerator<Frame, void, undefined> {
  let waiting: Uint8Array[] = [];
  let size = 0;
  let needed = headerBytes;
  for await (const chunk of chunks) {
    waiting.push(chunk);
    size += chunk.length;
    if (size < needed) continue;
    let rest = Buffer.concat(waiting);
    for (;;) {
      needed = headerBytes;
      if (rest.length < needed) break;
      const length = rest.readUInt32BE(4);
      if (length > maxFrameBytes || rest.readUIntBE(1, 3) !== 0)
        throw new ProviderError('Retryable', 'the engine sent output that is not divided into frames');
      needed += length;
      if (rest.length < needed) break;
      const data = rest.subarray(headerBytes, needed);
      yield { stream: streamOf(rest[0], data), data };
      rest = rest.subarray(needed);
    }
    waiting = [rest];
    size = rest.length;
  }
}

function streamOf(kind: number | undefined, data: Buffer): Frame['stream'] {
  if (kind === 1) return 'stdout';
  if (kind === 2) return 'stderr';
  if (kind === 3) throw new ProviderError('Retryable', `the engine broke off the output: ${data.toString()}`);
  throw new ProviderError('Retryable', `the engine sent output of an unknown stream (${kind})`);
}
