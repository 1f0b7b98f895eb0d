import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readJsonStream } from './json-stream.ts';

async function read(chunks: readonly Uint8Array[]): Promise<unknown[]> {
  const values: unknown[] = [];
  const stream = async function* (): AsyncGenerator<Uint8Array> {
    yield* chunks;
  };
  for await (const value of readJsonStream(stream())) values.push(value);
  return values;
}

test('values are the same, however the lines were cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.dictionary(fc.string(), fc.string())),
      fc.constantFrom('\n', '\r\n'),
      fc.integer({ min: 1, max: 9 }),
      async (values, newline, size) => {
        const bytes = Buffer.from(values.map((value) => JSON.stringify(value) + newline).join(''));
        const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
          bytes.subarray(index * size, (index + 1) * size),
        );
        expect(await read(pieces)).toEqual(values);
      },
    ),
  );
});

test('a last value needs no newline; what is no JSON, or has no end, is refused', async () => {
  expect(await read([Buffer.from('{"a":1}')])).toEqual([{ a: 1 }]);
  await expect(read([Buffer.from('{"a":\n')])).rejects.toThrow('no JSON');
  await expect(read([Buffer.alloc(2 ** 20 + 1, 'x')])).rejects.toThrow('more than');
});
