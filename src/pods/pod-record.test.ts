import { expect, test } from 'vitest';
import { createRecord } from './pod-record.ts';
import { aPod } from './testing/objects.ts';

const startTime = '2026-01-01T00:00:00Z';
const deletionTimestamp = '2026-01-01T00:01:00Z';

test('a Pod with a past may have an instance that one list lacks', () => {
  const created = (pod?: Parameters<typeof createRecord>[1]) => createRecord(0, pod).created;
  expect(created()).toBe('no');
  expect(created(aPod())).toBe('no');
  expect(created(aPod({ status: { phase: 'Pending', startTime } }))).toBe('unknown');
  expect(created(aPod({ meta: { deletionTimestamp } }))).toBe('unknown');
  expect(created(aPod({ status: { phase: 'Failed', startTime }, meta: { deletionTimestamp } }))).toBe('no');
});
