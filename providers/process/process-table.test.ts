import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { createProcessTable, isAlive, parseStat } from './process-table.ts';
import { createPsTable, parsePsLine } from './ps-table.ts';

const table = createProcessTable();

test('a line of /proc/<pid>/stat, with a name made to mislead', () => {
  const line = '42 (a) R 1 (b)) S 7 40 39 0 -1 4194304 1 2 3 4 10 20 30 40 20 0 1 0 5566 0 0';
  expect(parseStat(line, 'boot')).toEqual({
    id: { pid: 42, start: 'boot/5566' },
    parent: 7,
    group: 40,
    session: 39,
    ended: false,
    cpuNanoSeconds: 1e9,
  });
  expect(parseStat('', 'boot')).toBeUndefined();
});

test('a line of ps', () => {
  expect(parsePsLine('  42     7    40 Ss    1024 1-02:03:04.50 Sat Nov 22 06:26:00 2025')).toEqual({
    entry: {
      id: { pid: 42, start: 'Sat Nov 22 06:26:00 2025' },
      parent: 7,
      group: 40,
      session: 40,
      ended: false,
      cpuNanoSeconds: (86_400 + 2 * 3_600 + 3 * 60 + 4.5) * 1e9,
    },
    residentBytes: 1024 * 1024,
  });
  expect(parsePsLine('')).toBeUndefined();
});

test.each([
  ['the table of this system', table],
  ['the table through ps', createPsTable()],
])('%s knows this process and its children', async (_, each) => {
  const child = spawn('sleep', ['100'], { detached: true, stdio: 'ignore' });
  const pid = child.pid ?? 0;
  const entry = each.read(pid);
  expect(entry).toMatchObject({ parent: process.pid, group: pid, ended: false });
  expect(each.list().map(({ id }) => id.pid)).toEqual(expect.arrayContaining([process.pid, pid]));
  expect(each.residentBytes(process.pid)).toBeGreaterThan(10_000_000);
  expect(entry !== undefined && isAlive(each, entry.id)).toBe(true);
  expect(isAlive(each, { pid, start: 'another' })).toBe(false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(entry !== undefined && isAlive(each, entry.id)).toBe(false);
});
