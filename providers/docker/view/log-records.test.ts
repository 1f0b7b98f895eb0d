import { expect, test } from 'vitest';
import { parseRecord } from './log-records.ts';

test('a record has a time of nine digits, its text, and whether it goes on', () => {
  const parse = (text: string) => {
    const record = parseRecord(Buffer.from(text));
    return record && [record.time, record.data.toString(), record.partial];
  };
  expect(parse('2026-11-22T09:51:48.474948149Z hello  you\n')).toEqual([
    '2026-11-22T09:51:48.474948149Z',
    'hello  you',
    false,
  ]);
  expect(parse('2026-11-22T09:51:48.4Z \n')).toEqual(['2026-11-22T09:51:48.400000000Z', '', false]);
  expect(parse('2026-11-22T09:51:48Z cut')).toEqual(['2026-11-22T09:51:48.000000000Z', 'cut', true]);
  expect(parse('2026-11-22T11:51:48.5+02:00 x\n')).toEqual(['2026-11-22T09:51:48.500000000Z', 'x', false]);
  for (const other of ['', 'x', 'no stamp at all\n', '2026-13-22 x\n']) expect(parse(other)).toBeUndefined();
});
