import { expect, test } from 'vitest';
import { LineReader } from './line-reader.ts';

test('lines are put together over chunks, also in the middle of a character', () => {
  const reader = new LineReader(10);
  const bytes = Buffer.from('ä\nbc\n\nd');
  expect([...bytes].flatMap((byte) => reader.push(Buffer.from([byte])))).toEqual(['ä', 'bc', '']);
  expect(reader.push(Buffer.from('e\nf\n'))).toEqual(['de', 'f']);
});

test('a line that is too long is an error, with or without its end', () => {
  expect(() => new LineReader(3).push(Buffer.from('abcd\n'))).toThrow('longer than 3 bytes');
  const reader = new LineReader(3);
  reader.push(Buffer.from('ab'));
  expect(() => reader.push(Buffer.from('cd'))).toThrow('longer than 3 bytes');
});
