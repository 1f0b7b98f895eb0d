import { type Clock, pause } from '../../telemetry/clock.ts';

export interface Pulse {
  /** Something has changed. */
  beat(): void;
  /** Resolves `settleMs` after the first beat since the last call, or after `maxMs` without one, or when the signal fires. */
  next(maxMs: number, signal: AbortSignal): Promise<void>;
}

/** Makes one wake-up of a shower of changes. For one waiter. */
export function createPulse(clock: Clock, settleMs: number): Pulse {
  let beaten = Promise.withResolvers<void>();
  let pending = false;
  return {
    beat() {
      pending = true;
      beaten.resolve();
    },
    async next(maxMs, signal) {
      const idle = new AbortController();
      await Promise.race([beaten.promise, pause(clock, maxMs, AbortSignal.any([signal, idle.signal]))]);
      idle.abort();
      if (!pending) return;
      await pause(clock, settleMs, signal);
      pending = false;
      beaten = Promise.withResolvers<void>();
    },
  };
}
