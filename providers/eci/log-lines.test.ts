import { expect, test } from 'vitest';
import { beginning, logLines, markAfter, newerThan } from './log-lines.ts';

const texts = (entries: readonly { readonly data: Uint8Array }[]): string[] =>
  entries.map(({ data }) => Buffer.from(data).toString());

test('lines with their times; one without goes on from the line before', () => {
  const entries = logLines(
    '2026-01-01T00:00:01.5Z one\n2026-01-01T08:00:02+08:00 \nno stamp\n2026-01-01T00:00:03Z two  words\n',
  );
  expect(texts(entries)).toEqual(['one', '', 'no stamp', 'two  words']);
  expect(entries.map(({ time }) => time)).toEqual([
    '2026-01-01T00:00:01.500000000Z',
    '2026-01-01T00:00:02.000000000Z',
    '2026-01-01T00:00:02.000000000Z',
    '2026-01-01T00:00:03.000000000Z',
  ]);
  expect(logLines('')).toEqual([]);
});

test('pages that overlap give each line once, also lines of one moment', () => {
  const line = (second: number, text: string): string => `2026-01-01T00:00:0${second}Z ${text}\n`;
  const first = logLines(line(1, 'a') + line(1, 'b'));
  const mark = markAfter(first, beginning);
  const second = newerThan(logLines(line(1, 'a') + line(1, 'b') + line(1, 'c') + line(2, 'd')), mark);
  expect(texts(second)).toEqual(['c', 'd']);
  const next = markAfter(second, mark);
  expect(texts(newerThan(logLines(line(2, 'd') + line(2, 'e')), next))).toEqual(['e']);
  expect(markAfter(newerThan(logLines(line(1, 'a') + line(1, 'b') + line(1, 'c')), mark), mark).count).toBe(
    3,
  );
});
