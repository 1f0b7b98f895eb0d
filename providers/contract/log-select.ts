import { ProviderError } from './errors.ts';
import type { LogEntry, LogQuery } from './logs.ts';

/** The part of a query that picks entries out of one run's log. */
export type LogWindow = Pick<LogQuery, 'tailLines' | 'sinceTime'>;

/**
 * Picks from a log what the query asks for, as the kubelet does (cri-client/pkg/logs/logs.go, ReadLogs): the tail is
 * counted first, over what is there now, and each record counts, a part of a long line too; then what is stamped
 * before `sinceTime` is dropped. What comes later (`live`, for follow) is held against `sinceTime` only.
 */
export async function* selectLog(
  stored: Iterable<LogEntry> | AsyncIterable<LogEntry>,
  window: LogWindow,
  live?: AsyncIterable<LogEntry>,
): AsyncGenerator<LogEntry, void, undefined> {
  const wanted = notBefore(window.sinceTime);
  const entries = window.tailLines === undefined ? stored : await lastOf(stored, window.tailLines);
  for await (const entry of entries) if (wanted(entry)) yield entry;
  if (live === undefined) return;
  for await (const entry of live) if (wanted(entry)) yield entry;
}

/** Holds no more than `count` entries at a time, plus as many that wait to be dropped. */
async function lastOf(
  entries: Iterable<LogEntry> | AsyncIterable<LogEntry>,
  count: number,
): Promise<LogEntry[]> {
  if (count <= 0) return [];
  let last: LogEntry[] = [];
  for await (const entry of entries) {
    last.push(entry);
    if (last.length >= 2 * count) last = last.slice(-count);
  }
  return last.slice(-count);
}

function notBefore(sinceTime: string | undefined): (entry: LogEntry) => boolean {
  if (sinceTime === undefined) return () => true;
  const since = logTime(sinceTime);
  return (entry) => entry.time >= since;
}

/**
 * A time in the form of {@link LogEntry.time}, where order of text is order of time. Takes milliseconds since the
 * epoch, or ISO 8601 with any offset and up to nine fractional digits. `nanos` is added to the whole millisecond.
 */
export function logTime(time: number | string, nanos = 0): string {
  if (typeof time === 'number') return stamp(time, nanos);
  const parts = /^(.*T\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)$/.exec(time);
  const seconds = parts === null ? Number.NaN : Date.parse(`${parts[1]}${parts[3]}`);
  if (Number.isNaN(seconds)) throw new ProviderError('InvalidSpec', `${time} is not an ISO 8601 time`);
  const fraction = Number((parts?.[2] ?? '').padEnd(9, '0'));
  return stamp(seconds + Math.floor(fraction / 1e6), fraction % 1e6);
}

function stamp(ms: number, nanos: number): string {
  return `${new Date(ms).toISOString().slice(0, -1)}${String(nanos).padStart(6, '0')}Z`;
}
