import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dataTurns } from './data-turns.ts';
import { dataFrameBytes, turnBytes } from './limits.ts';
import { serverFrames } from './testing/server-frames.ts';

test('short chunks share a frame and are not copied', () => {
  const chunks = ['a', '', 'bc'].map((text) => Buffer.from(text));
  const [turn] = [...dataTurns(3, chunks)];
  expect(turn?.map((buffer) => buffer.toString('latin1'))).toEqual(['\0\0\0\x03\0\0\0\x03', 'a', 'bc']);
  expect(turn?.[1]?.buffer).toBe(chunks[0]?.buffer);
});

test('all bytes are sent in order, in frames and turns of the size that is allowed', () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 300_000 })), {
    maxLength: 5,
  });
  fc.assert(
    fc.property(sizes, (lengths) => {
      const chunks = lengths.map((length, index) => Buffer.alloc(length, `${index}`));
      const turns = [...dataTurns(1, chunks)].map((turn) => Buffer.concat(turn));
      for (const turn of turns) {
        for (let at = 0; at < turn.length; at += 8 + turn.readUIntBE(at + 5, 3))
          expect(turn.readUIntBE(at + 5, 3)).toBeLessThanOrEqual(dataFrameBytes);
        expect(turn.length).toBeLessThanOrEqual(turnBytes + 8 * 4);
      }
      const whole = Buffer.concat(chunks).toString();
      expect(serverFrames(Buffer.concat(turns))).toEqual(whole === '' ? [] : [`DATA 1 ${whole}`]);
    }),
    { numRuns: 30 },
  );
});
