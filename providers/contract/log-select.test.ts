import { describe, expect, it } from 'vitest';
import { logTime, selectLog } from './log-select.ts';
import type { LogEntry } from './logs.ts';

const base = Date.UTC(2026, 0, 1);

function entry(text: string, atMs: number, partial = false): LogEntry {
  return { time: logTime(base + atMs), stream: 'stdout', data: Buffer.from(text), partial };
}

async function* later(...entries: LogEntry[]): AsyncGenerator<LogEntry> {
  yield* entries;
}

async function texts(entries: AsyncIterable<LogEntry>): Promise<string[]> {
  const found: string[] = [];
  for await (const one of entries) found.push(Buffer.from(one.data).toString());
  return found;
}

const log = ['a', 'b', 'c', 'd', 'e'].map((text, index) => entry(text, index * 1000));

describe('selectLog', () => {
  it('gives everything when nothing is asked for', async () => {
    expect(await texts(selectLog(log, {}))).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(await texts(selectLog(later(...log), {}))).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it.each([
    [0, []],
    [1, ['e']],
    [2, ['d', 'e']],
    [5, ['a', 'b', 'c', 'd', 'e']],
    [1_000_000_000, ['a', 'b', 'c', 'd', 'e']],
  ])('gives the last %i', async (tailLines, wanted) => {
    expect(await texts(selectLog(log, { tailLines }))).toEqual(wanted);
    expect(await texts(selectLog(later(...log), { tailLines }))).toEqual(wanted);
  });

  it('counts the parts of a cut line one by one', async () => {
    const cut = [entry('x', 0), entry('long-', 1, true), entry('line', 2)];
    expect(await texts(selectLog(cut, { tailLines: 2 }))).toEqual(['long-', 'line']);
    expect(await texts(selectLog(cut, { tailLines: 1 }))).toEqual(['line']);
  });

  it('keeps what is stamped exactly at the time', async () => {
    const sinceTime = '2026-01-01T00:00:02Z';
    expect(await texts(selectLog(log, { sinceTime }))).toEqual(['c', 'd', 'e']);
    expect(await texts(selectLog(log, { sinceTime: '2026-01-01T01:00:02.000000001+01:00' }))).toEqual([
      'd',
      'e',
    ]);
  });

  it('counts the tail before it drops by time', async () => {
    expect(await texts(selectLog(log, { tailLines: 2, sinceTime: '2026-01-01T00:00:01Z' }))).toEqual([
      'd',
      'e',
    ]);
    expect(await texts(selectLog(log, { tailLines: 4, sinceTime: '2026-01-01T00:00:04Z' }))).toEqual(['e']);
  });

  it('goes on with what comes, whatever the tail', async () => {
    const live = [entry('old', 1500), entry('f', 9000)];
    expect(await texts(selectLog(log, { tailLines: 0 }, later(...live)))).toEqual(['old', 'f']);
    expect(
      await texts(selectLog(log, { tailLines: 1, sinceTime: '2026-01-01T00:00:02Z' }, later(...live))),
    ).toEqual(['e', 'f']);
  });
});

describe('logTime', () => {
  it('gives nine digits in UTC', () => {
    expect(logTime(base)).toBe('2026-01-01T00:00:00.000000000Z');
    expect(logTime(base + 7, 42)).toBe('2026-01-01T00:00:00.007000042Z');
    expect(logTime('2026-01-01T02:30:00.1234567899+02:30')).toBe('2026-01-01T00:00:00.123456789Z');
    expect(logTime('2026-01-01T00:00:00Z')).toBe('2026-01-01T00:00:00.000000000Z');
  });

  it('says what it cannot read', () => {
    expect(() => logTime('yesterday')).toThrow('yesterday is not an ISO 8601 time');
    expect(() => logTime('2026-13-01T00:00:00Z')).toThrow('is not an ISO 8601 time');
  });
});
