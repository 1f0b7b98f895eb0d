import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StreamError } from './errors.ts';
import { parseHeaders } from './header-block.ts';
import { headerBlock } from './testing/client-frames.ts';

test('names, and values that are split at NUL', () => {
  expect([...parseHeaders(headerBlock({ streamtype: 'stdin', ports: 'http\0https', empty: '' }), 1)]).toEqual(
    [
      ['streamtype', ['stdin']],
      ['ports', ['http', 'https']],
      ['empty', ['']],
    ],
  );
  expect(parseHeaders(headerBlock({}), 1).size).toBe(0);
});

const texts = fc.dictionary(
  fc.string({ minLength: 1 }).map((name) => `x${name}`.toLowerCase()),
  fc.string(),
);

test('any headers come through', () => {
  fc.assert(
    fc.property(texts, (headers) => {
      const parsed = parseHeaders(headerBlock(headers), 1);
      expect([...parsed].map(([name, values]) => [name, values.join('\0')])).toEqual(Object.entries(headers));
    }),
  );
});

test('names that are empty, twice there or not in lower case are errors of the stream', () => {
  expect(() => parseHeaders(headerBlock({ '': 'x' }), 7)).toThrow(StreamError);
  expect(() => parseHeaders(headerBlock({ Port: '1' }), 7)).toThrow(
    'stream 7: a header name is empty, twice',
  );
  const twice = Buffer.concat([
    Buffer.from([0, 0, 0, 2]),
    ...[1, 2].map(() => headerBlock({ a: 'b' }).subarray(4)),
  ]);
  expect(() => parseHeaders(twice, 7)).toThrow(StreamError);
});

test('any other bytes are headers or an error of the stream', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.integer({ min: 0, max: 3 }), (bytes, count) => {
      try {
        parseHeaders(Buffer.from([0, 0, 0, count, 0, 0, 0, ...bytes]), 1);
      } catch (error) {
        expect(error).toBeInstanceOf(StreamError);
      }
    }),
  );
});
