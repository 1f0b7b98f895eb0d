import type { Clock } from '../../../src/telemetry/clock.ts';

/** Real time, so many times faster: what takes a minute takes a few seconds, and the wire is as slow as it is. */
export function fastClock(times: number): Clock {
  const begun = Date.now();
  return {
    now: () => begun + (Date.now() - begun) * times,
    schedule(ms, callback) {
      const timer = setTimeout(callback, ms / times);
      timer.unref();
      return () => clearTimeout(timer);
    },
  };
}
