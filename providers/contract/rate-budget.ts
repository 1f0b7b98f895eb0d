import type { ProviderClock } from './clock.ts';
import { delay, wallClock } from './clock.ts';

export interface RateBudgetDeps {
  /** Calls per second, on average. */
  readonly perSecond: number;
  /** Calls that may be made at once after a quiet time. */
  readonly burst: number;
  readonly clock?: ProviderClock;
}

/**
 * The calls that an adapter allows itself, so that a provider's rate limit is never reached: take one before each
 * request. Callers are served in the order in which they came. Share one between everything that uses the account.
 */
export class RateBudget {
  readonly #intervalMs: number;
  readonly #burst: number;
  readonly #clock: ProviderClock;
  /** When the budget is full again, seen from the calls that were promised so far. */
  #fullAt = 0;

  constructor(deps: RateBudgetDeps) {
    this.#intervalMs = 1000 / deps.perSecond;
    this.#burst = Math.max(1, deps.burst);
    this.#clock = deps.clock ?? wallClock;
  }

  /** Resolves when a call may be made; rejects with the signal's reason when that fires first. */
  async take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const now = this.#clock.now();
    this.#fullAt = Math.max(this.#fullAt, now) + this.#intervalMs;
    const waitMs = this.#fullAt - now - this.#burst * this.#intervalMs;
    if (waitMs <= 0) return;
    await delay(this.#clock, waitMs, signal);
    if (signal.aborted) this.#fullAt -= this.#intervalMs;
    signal.throwIfAborted();
  }
}
