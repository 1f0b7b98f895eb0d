import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { annotationTable } from './request/annotations.ts';

const guide = readFileSync(new URL('../../docs/guides/burst-to-eci.md', import.meta.url), 'utf8');

/** The rows of the table of annotations whose second column begins with that word. */
function named(word: string): string[] {
  const rows = guide
    .split('\n')
    .filter((line) => line.startsWith('|') && line.split('|')[2]?.trim().startsWith(word));
  return rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, key = '']) => key),
  );
}

test('the guide says of each annotation what the code does with it', () => {
  const own = (keys: readonly string[]): string[] =>
    keys.filter((key) => !key.startsWith('kubernetes.io/')).toSorted();
  expect(own(named('read'))).toEqual(annotationTable.read.toSorted());
  expect(own(named('refused'))).toEqual(Object.keys(annotationTable.refused).toSorted());
  const ignored = named('ignored');
  expect(ignored.length).toBeGreaterThan(0);
  expect(ignored.filter((key) => annotationTable.read.includes(key))).toEqual([]);
});
