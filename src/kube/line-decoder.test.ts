import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineDecoder } from './line-decoder.ts';

describe('LineDecoder', () => {
  it('gives the same lines however the bytes are cut', () => {
    const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll(/\s/g, '_'));
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat({ max: 40 })), (lines, cuts) => {
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
        const decoder = new LineDecoder(1_000_000);
        const got: string[] = [];
        let at = 0;
        for (const size of [...cuts, bytes.length]) {
          got.push(...decoder.push(bytes.subarray(at, at + size)));
          at += size;
        }
        expect(got).toEqual(lines.filter((text) => text !== ''));
        expect(decoder.pending).toBe(0);
      }),
    );
  });

  it('keeps an unfinished line to itself', () => {
    const decoder = new LineDecoder(100);
    expect([...decoder.push(Buffer.from('{"a":1}\r\n{"b"'))]).toEqual(['{"a":1}']);
    expect(decoder.pending).toBe(4);
  });

  it('refuses a line past the cap, also one that comes in pieces', () => {
    const decoder = new LineDecoder(10);
    expect([...decoder.push(Buffer.from('1234567890\n12345'))]).toEqual(['1234567890']);
    expect(() => [...decoder.push(Buffer.from('678901'))]).toThrow('a line is longer than 10 bytes');
  });
});
