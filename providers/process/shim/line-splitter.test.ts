import { expect, test } from 'vitest';
import type { Line } from './line-splitter.ts';
import { LineSplitter, maxLineBytes } from './line-splitter.ts';

function split(...chunks: string[]): string[] {
  const splitter = new LineSplitter();
  const show = ({ data, partial }: Line) => `${partial ? 'P' : 'F'}${data.toString()}`;
  return [...chunks.flatMap((chunk) => splitter.push(Buffer.from(chunk))), ...splitter.end()].map(show);
}

test('lines are put together over chunks', () => {
  expect(split('a', 'b\nc\n\nd', '\n')).toEqual(['Fab', 'Fc', 'F', 'Fd']);
});

test('an end without newline is partial', () => {
  expect(split('a\nb')).toEqual(['Fa', 'Pb']);
  expect(split('')).toEqual([]);
});

test('a line is cut only when it is longer than the limit', () => {
  const full = 'x'.repeat(maxLineBytes);
  expect(split(`${full}\n`)).toEqual([`F${full}`]);
  expect(split(full, 'y\n')).toEqual([`P${full}`, 'Fy']);
  expect(split(`${full}${full}z`, '\nn\n')).toEqual([`P${full}`, `P${full}`, 'Fz', 'Fn']);
});
