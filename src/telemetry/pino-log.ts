import { pino } from 'pino';
import type { Log } from './log.ts';

/** JSON lines on standard error. `debug` and `warn` are as in pino. */
export function createPinoLog(level: 'debug' | 'info' | 'warn' | 'error'): Log {
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  );
}
