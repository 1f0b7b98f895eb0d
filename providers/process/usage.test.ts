import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { sessionProcessFile, sessionsFolder } from './layout.ts';
import type { ProcessEntry, ProcessTable } from './process-table.ts';
import type { ContainerRecord } from './records.ts';
import { temporaryState } from './testing/harness.ts';
import { familyOf, measure } from './usage.ts';

const state = temporaryState();
afterAll(() => state.remove());

function entry(pid: number, parent: number, session: number, cpuNanoSeconds = 0): ProcessEntry {
  return { id: { pid, start: 's' }, parent, group: session, session, ended: false, cpuNanoSeconds };
}

const container: ContainerRecord = {
  id: 'c-0',
  name: 'c',
  run: 0,
  image: '',
  workingDir: '/',
  startedAt: '2026-01-01T00:00:00.000Z',
  process: { pid: 10, start: 's' },
  settled: false,
};
const table: ProcessTable = {
  read: () => undefined,
  list: () => [],
  environment: () => [],
  residentBytes: () => 1_000,
};

test('the family: the session of the first process, and the descendants that left it', () => {
  const all = [
    entry(1, 0, 1),
    entry(13, 12, 12),
    entry(12, 11, 12),
    entry(11, 10, 10),
    entry(10, 2, 10),
    entry(14, 1, 10),
  ];
  expect(familyOf([{ pid: 10, start: 's' }], all).map(({ id }) => id.pid)).toEqual([13, 12, 11, 10, 14]);
  expect(familyOf([{ pid: 10, start: 'before' }], all)).toEqual([]);
});

test('CPU time never falls and goes on growing when a process ends that nobody waited for', () => {
  const cpu = (...entries: ProcessEntry[]): number | undefined =>
    measure(state.folder, [container], entries, table, 'now')[0]?.cpuNanoSeconds;
  expect(cpu(entry(10, 1, 10, 5), entry(11, 10, 10, 100))).toBe(105);
  expect(cpu(entry(10, 1, 10, 6))).toBe(105);
  expect(cpu(entry(10, 1, 10, 9))).toBe(108);
});

test('a command that is executed in the container counts, in a session of its own', () => {
  const folder = path.join(state.folder, 'with-exec');
  const note = path.join(folder, sessionsFolder, '1');
  mkdirSync(note, { recursive: true });
  const record = { version: 1, containerId: container.id, process: { pid: 30, start: 's' } };
  writeFileSync(path.join(note, sessionProcessFile), JSON.stringify(record));
  const entries = [entry(10, 1, 10, 5), entry(30, 2, 30, 7), entry(31, 2, 31, 100)];
  expect(measure(folder, [container], entries, table, 'now')[0]?.cpuNanoSeconds).toBe(12);
});

test('what has ended is left out', () => {
  const exit = { exitCode: 0, reason: 'Completed', message: '', finishedAt: '' };
  expect(measure(state.folder, [{ ...container, exit }], [entry(10, 1, 10)], table, 'now')).toEqual([]);
  expect(measure(state.folder, [container], [], table, 'now')).toEqual([]);
});
