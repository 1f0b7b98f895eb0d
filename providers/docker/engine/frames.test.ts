import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Frame } from './frames.ts';
import { FrameReader, readFrames } from './frames.ts';

function encode({ stream, data }: Frame): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream === 'stdout' ? 1 : 2;
  header.writeUInt32BE(data.length, 4);
  return Buffer.concat([header, data]);
}

/** The bytes, cut at the given places. */
async function* cut(bytes: Buffer, places: readonly number[]): AsyncGenerator<Uint8Array> {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const end of [...ends, bytes.length]) {
    yield bytes.subarray(from, end);
    from = end;
  }
}

async function read(chunks: AsyncIterable<Uint8Array>, maxFrameBytes?: number): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of readFrames(chunks, maxFrameBytes)) frames.push(frame);
  return frames;
}

const frame = fc.record({
  stream: fc.constantFrom('stdout' as const, 'stderr' as const),
  data: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
});

test('frames are the same, however they were cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(frame, { maxLength: 20 }),
      fc.array(fc.nat(), { maxLength: 40 }),
      async (frames, places) => {
        const bytes = Buffer.concat(frames.map(encode));
        expect(await read(cut(bytes, places))).toEqual(frames);
      },
    ),
  );
});

test('a stream that ends within a frame gives the whole ones before it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(frame, { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 7 }),
      async (frames, missing) => {
        const bytes = Buffer.concat(frames.map(encode));
        expect(await read(cut(bytes.subarray(0, -missing), []))).toEqual(frames.slice(0, -1).concat());
      },
    ),
    { examples: [[[{ stream: 'stdout', data: Buffer.from('whole') }], 1]] },
  );
});

test('what has come of a frame is given on at once, and a cut in the middle of it is known', () => {
  const reader = new FrameReader();
  const bytes = encode({ stream: 'stderr', data: Buffer.from('split') });
  expect([reader.push(bytes.subarray(0, 3)), reader.isWhole]).toEqual([[], false]);
  const first = { stream: 'stderr', data: Buffer.from('sp'), ends: false };
  expect([reader.push(bytes.subarray(3, 10)), reader.isWhole]).toEqual([[first], false]);
  const rest = { stream: 'stderr', data: Buffer.from('lit'), ends: true };
  expect([reader.push(bytes.subarray(10)), reader.isWhole]).toEqual([[rest], true]);
});

test('what is no frame is refused, before it takes memory', async () => {
  const long = encode({ stream: 'stdout', data: Buffer.alloc(11) });
  await expect(read(cut(long, []), 10)).rejects.toThrow('not divided into frames');
  await expect(read(cut(Buffer.from('plain text, no frame'), []))).rejects.toThrow('not divided into frames');
  const broken = encode({ stream: 'stdout', data: Buffer.from('disk on fire') });
  broken[0] = 3;
  await expect(read(cut(broken, []))).rejects.toThrow('disk on fire');
  broken[0] = 9;
  await expect(read(cut(broken, []))).rejects.toThrow('unknown stream (9)');
});
