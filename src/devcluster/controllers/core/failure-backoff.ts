import type { Clock } from '../../../telemetry/clock.ts';

const firstMs = 1_000;

/**
 * How long Pods that fail again and again wait for their replacement, by key: 1 s, doubling; a key that stayed quiet
 * for twice the longest wait starts over (client-go flowcontrol.Backoff).
 */
export class FailureBackoff {
  readonly #clock: Clock;
  readonly #longestMs: number;
  readonly #entries = new Map<string, { readonly stepMs: number; readonly at: number }>();

  constructor(clock: Clock, longestMs: number) {
    this.#clock = clock;
    this.#longestMs = longestMs;
  }

  /** Milliseconds left of the current wait. */
  waitMs(key: string): number {
    const entry = this.#entries.get(key);
    return entry === undefined ? 0 : Math.max(0, entry.at + entry.stepMs - this.#clock.now());
  }

  /** A Pod failed and is replaced now: the next one waits longer. */
  next(key: string): void {
    const now = this.#clock.now();
    for (const [old, { at }] of this.#entries) if (now - at > 2 * this.#longestMs) this.#entries.delete(old);
    const before = this.#entries.get(key)?.stepMs;
    const stepMs = before === undefined ? firstMs : Math.min(before * 2, this.#longestMs);
    this.#entries.set(key, { stepMs, at: now });
  }
}
