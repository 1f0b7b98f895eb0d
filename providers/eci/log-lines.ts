import type { LogEntry } from '../contract/index.ts';
import { logTime } from '../contract/index.ts';

const stamped = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) ?(.*)$/s;

/**
 * The lines of an answer that was asked for with time stamps. A line without one goes on from the line before. The API
 * does not say which stream a line was written to.
 */
export function logLines(content: string): LogEntry[] {
  const lines = content.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const entries: LogEntry[] = [];
  let time = logTime(0);
  for (const line of lines) {
    const [, stamp, text] = stamped.exec(line) ?? [];
    if (stamp !== undefined) time = logTime(stamp);
    entries.push({ time, stream: 'stdout', data: Buffer.from(text ?? line), partial: false });
  }
  return entries;
}

/** How far a log was passed on: the last time, and how many lines with it. */
export interface Mark {
  readonly time: string;
  readonly count: number;
}

export const beginning: Mark = { time: '', count: 0 };

/** What of a page is new after the mark: pages overlap, for they are asked for by whole seconds. */
export function newerThan(entries: readonly LogEntry[], mark: Mark): readonly LogEntry[] {
  let seen = 0;
  return entries.filter(({ time }) => time > mark.time || (time === mark.time && ++seen > mark.count));
}

export function markAfter(passed: readonly LogEntry[], mark: Mark): Mark {
  const time = passed.at(-1)?.time ?? mark.time;
  const count = passed.filter((entry) => entry.time === time).length;
  return { time, count: count + (time === mark.time ? mark.count : 0) };
}
