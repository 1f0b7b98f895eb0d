import { logTime } from '../../contract/log-select.ts';

export interface LogRecord {
  /** As LogEntry.time. */
  readonly time: string;
  readonly data: Buffer;
  readonly partial: boolean;
}

/** A time stamp of the engine and the blank behind it are no longer than this. */
const longestStamp = 40;

/**
 * One record as the engine sends it with `timestamps`: the time, a blank, the text; a newline unless the line was cut
 * for its length. Undefined for what is none.
 */
export function parseRecord(bytes: Buffer): LogRecord | undefined {
  const blank = bytes.subarray(0, longestStamp).indexOf(0x20);
  if (blank <= 0) return undefined;
  const stamp = bytes.toString('latin1', 0, blank);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(stamp)) return undefined;
  const partial = bytes.at(-1) !== 0x0a;
  return { time: logTime(stamp), data: bytes.subarray(blank + 1, partial ? undefined : -1), partial };
}
