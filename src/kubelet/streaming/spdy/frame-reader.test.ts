import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SessionError } from './errors.ts';
import { FrameReader } from './frame-reader.ts';
import { control, data, ping, u32 } from './testing/client-frames.ts';

/** What a reader hands on; the pieces of a DATA frame are joined. */
function read(chunks: readonly Buffer[], maxControlBytes = 1024): string[] {
  const events: string[] = [];
  let pieces: Buffer[] = [];
  const reader = new FrameReader(
    {
      control: ({ type, flags, payload }) =>
        events.push(`control ${type} ${flags} ${payload.toString('hex')}`),
      data: (_, piece) => pieces.push(piece),
      dataEnd(streamId, fin) {
        events.push(`data ${streamId} ${fin} ${Buffer.concat(pieces).toString('hex')}`);
        pieces = [];
      },
    },
    maxControlBytes,
  );
  for (const chunk of chunks) reader.feed(chunk);
  return events;
}

const anyFrame = fc.oneof(
  fc
    .tuple(fc.integer({ min: 1, max: 2 ** 31 - 1 }), fc.uint8Array({ maxLength: 40 }), fc.boolean())
    .map(([id, bytes, fin]) => data(id, Buffer.from(bytes), fin)),
  fc
    .tuple(
      fc.integer({ min: 0, max: 255 }),
      fc.integer({ min: 0, max: 255 }),
      fc.uint8Array({ maxLength: 40 }),
    )
    .map(([type, flags, bytes]) => control(type, flags, Buffer.from(bytes))),
);

test('frames are the same however the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(anyFrame, { maxLength: 8 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 12 })),
      (frames, sizes) => {
        const bytes = Buffer.concat(frames);
        const chunks: Buffer[] = [];
        for (let at = 0; at < bytes.length; ) {
          const size = sizes.next().value ?? 1;
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        expect(read(chunks)).toEqual(read([bytes]));
        expect(read([bytes])).toHaveLength(frames.length);
      },
    ),
  );
});

test('the numbers of a frame come through', () => {
  expect(read([data(0x7fff_ffff, 'ab', true), data(1, ''), control(6, 4, u32(9))])).toEqual([
    `data ${0x7fff_ffff} true 6162`,
    'data 1 false ',
    'control 6 4 00000009',
  ]);
});

test('DATA is handed on before its frame is complete', () => {
  const pieces: string[] = [];
  const reader = new FrameReader(
    { control() {}, dataEnd: () => pieces.push('end'), data: (id, piece) => pieces.push(`${id} ${piece}`) },
    16,
  );
  reader.feed(data(5, 'hello').subarray(0, 10));
  expect(pieces).toEqual(['5 he']);
});

test('a control frame of another version, one that is too long, and DATA of no stream end the session', () => {
  const version2 = Buffer.from('8002000600000004', 'hex');
  expect(() => read([version2])).toThrow(new SessionError('a control frame of version 2'));
  expect(() => read([control(4, 0, Buffer.alloc(17))], 16)).toThrow(
    'a control frame (type 4) of 17 bytes; 16 are allowed',
  );
  expect(() => read([data(0, '')])).toThrow('DATA for stream 0');
});

test('nothing is handed on after stop, not even from the same chunk', () => {
  const seen: string[] = [];
  const reader = new FrameReader(
    {
      control: () => seen.push('control'),
      data() {
        seen.push('data');
        reader.stop();
      },
      dataEnd: () => seen.push('end'),
    },
    16,
  );
  reader.feed(Buffer.concat([ping(1), data(1, 'x', true), ping(3)]));
  expect(seen).toEqual(['control', 'data']);
});
