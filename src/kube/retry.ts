import { backoffMs } from '../telemetry/backoff.ts';
import { ConnectionError, StatusError } from './errors.ts';

/** Tries of one call, the first included. */
const maxAttempts = 4;
const baseMs = 100;
const capMs = 3_000;

/**
 * Milliseconds until the next try, or undefined when there is none. Reads are repeated on anything that may pass;
 * writes only where the server certainly did nothing: 429, and a connection that never came about.
 */
export function retryDelayMs(
  kind: 'read' | 'write',
  error: unknown,
  attempt: number,
  random: () => number,
): number | undefined {
  if (attempt + 1 >= maxAttempts) return undefined;
  const wait = backoffMs(attempt, baseMs, capMs, random);
  if (error instanceof ConnectionError) {
    const again = kind === 'read' ? ['connect', 'broken'] : error.untouched ? ['connect'] : [];
    return again.includes(error.kind) ? wait : undefined;
  }
  if (!(error instanceof StatusError)) return undefined;
  const passing = error.code === 429 || (kind === 'read' && error.code >= 500 && error.code !== 501);
  return passing ? Math.max(wait, error.retryAfterMs ?? 0) : undefined;
}
