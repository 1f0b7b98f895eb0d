import { logTime } from '../../../../providers/contract/index.ts';
import type { MockRun } from '../../../../providers/mock/container.ts';
import type { MockProgram } from '../../../../providers/mock/script.ts';

export interface LogLine {
  readonly at: number;
  /** RFC 3339 with nine digits; no two lines of a run have the same. */
  readonly time: string;
  readonly text: string;
}

/** What a run has written until `now`, both streams in one. Nothing is stored: it follows from the program. */
export function linesOf(program: MockProgram, run: MockRun, now: number): LogLine[] {
  const last = Math.min(now, run.endedAt);
  return program.logs
    .map((line, index) => {
      const at = run.startedAt + index * program.logEveryMs;
      return {
        at,
        time: logTime(at, index % 1_000_000),
        text: typeof line === 'string' ? line : line.stderr,
      };
    })
    .filter(({ at }) => at <= last);
}

export interface LogWishes {
  /** Counted first; then what is too old is dropped, as Kubernetes does. */
  readonly tail: number;
  readonly sinceMs: number;
  readonly timestamps: boolean;
  readonly limitBytes: number;
}

/** The text of a log as the API gives it. */
export function logContent(
  lines: readonly LogLine[],
  { tail, sinceMs, timestamps, limitBytes }: LogWishes,
): string {
  const text = lines
    .slice(Math.max(0, lines.length - tail))
    .filter(({ at }) => at >= sinceMs)
    .map((line) => (timestamps ? `${line.time} ${line.text}\n` : `${line.text}\n`))
    .join('');
  return Buffer.byteLength(text) <= limitBytes ? text : Buffer.from(text).subarray(0, limitBytes).toString();
}
