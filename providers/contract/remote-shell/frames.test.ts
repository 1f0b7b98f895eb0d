import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameScanner, type Piece } from './frames.ts';

const mark = '\x1emark';

/** Text that likes to look like a mark, and frames between. */
const parts = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('bytes' as const),
      text: fc
        .array(fc.constantFrom('\x1e', '\x1em', '\x1emar', 'k', ';', 'a', 'ü'))
        .map((all) => all.join('')),
    }),
    fc.record({ kind: fc.constant('frame' as const), text: fc.constantFrom('', 'b', 'x137', 'e00ff') }),
  ),
);

describe('frames among output', () => {
  it('come apart from it, wherever the bytes are divided', () => {
    fc.assert(
      fc.property(parts, fc.array(fc.nat(12), { minLength: 1 }), (all, lengths) => {
        const stream = Buffer.from(
          all.map(({ kind, text }) => (kind === 'frame' ? `${mark}${text};` : text)).join(''),
        );
        fc.pre(
          stream.toString().split(mark).length - 1 === all.filter(({ kind }) => kind === 'frame').length,
        );
        const scanner = new FrameScanner(mark);
        const pieces: Piece[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const length = lengths[turn % lengths.length] ?? 0;
          pieces.push(...scanner.push(stream.subarray(at, at + length + 1)));
          at += length + 1;
        }
        pieces.push(...scanner.push(Buffer.from('end')));
        expect(joined(pieces)).toEqual(
          joined([
            ...all.map(({ kind, text }) =>
              kind === 'frame' ? { kind, body: text } : { kind, bytes: Buffer.from(text) },
            ),
            { kind: 'bytes', bytes: Buffer.from('end') },
          ]),
        );
      }),
    );
  });

  it.each([
    ['plain', 'plain'],
    ['a\x1ema', 'a'],
    ['a\x1ex', 'a\x1ex'],
    ['a\x1emark', 'a'],
    ['\x1em\x1e', '\x1em'],
  ])('hold back of %j nothing but what may be a frame', (text, passed) => {
    expect(joined(new FrameScanner(mark).push(Buffer.from(text)))).toEqual([passed]);
  });

  it('without an end are a fault', () => {
    const scanner = new FrameScanner(mark);
    scanner.push(Buffer.from(mark));
    expect(() => scanner.push(Buffer.alloc(5000, 'x'))).toThrow('a frame that has no end');
  });
});

/** Neighbouring bytes as one text, frames in brackets. */
function joined(pieces: readonly Piece[]): string[] {
  const all: string[] = [];
  let text = '';
  const flush = (): void => {
    if (text !== '') all.push(text);
    text = '';
  };
  for (const piece of pieces)
    if (piece.kind === 'bytes') text += piece.bytes.toString('latin1');
    else {
      flush();
      all.push(`[${piece.body}]`);
    }
  flush();
  return all;
}
