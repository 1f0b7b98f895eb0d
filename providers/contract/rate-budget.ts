import type { ProviderClock } from './clock.ts';
import { wallClock } from './clock.ts';

export interface RateBudgetDeps {
  /** Calls per second, on average. */
  readonly perSecond: number;
  /** Calls that may be made at once after a quiet time. */
  readonly burst: number;
  readonly clock?: ProviderClock;
}

/** Who goes first when calls have to wait: what ends a cost, then what people wait for, then what only tells. */
export const callPriorities = ['delete', 'create', 'status', 'log'] as const;
export type CallPriority = (typeof callPriorities)[number];

interface Waiter {
  readonly priority: number;
  readonly serve: () => void;
}

/**
 * The calls that an adapter allows itself, so that a provider's rate limit is never reached: take one before each
 * request. Callers are served by priority, those of one priority in the order in which they came. Share one between
 * everything that uses the account.
 */
export class RateBudget {
  readonly #intervalMs: number;
  readonly #burst: number;
  readonly #clock: ProviderClock;
  readonly #waiting: Waiter[] = [];
  /** When the budget is full again, seen from the calls that were made so far. */
  #fullAt = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(deps: RateBudgetDeps) {
    this.#intervalMs = 1000 / deps.perSecond;
    this.#burst = Math.max(1, deps.burst);
    this.#clock = deps.clock ?? wallClock;
  }

  /** Resolves when a call may be made; rejects with the signal's reason when that fires first. */
  async take(signal: AbortSignal, priority: CallPriority = 'status'): Promise<void> {
    signal.throwIfAborted();
    if (this.#waiting.length === 0 && this.#waitMs() <= 0) return this.#spend();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { priority: callPriorities.indexOf(priority), serve: resolve };
    const leave = (): void => {
      const place = this.#waiting.indexOf(waiter);
      if (place < 0) return;
      this.#waiting.splice(place, 1);
      if (this.#waiting.length === 0) this.#disarm();
      reject(signal.reason);
    };
    const later = this.#waiting.findIndex((other) => other.priority > waiter.priority);
    this.#waiting.splice(later < 0 ? this.#waiting.length : later, 0, waiter);
    this.#arm();
    signal.addEventListener('abort', leave, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  #waitMs(): number {
    const now = this.#clock.now();
    return Math.max(this.#fullAt, now) + this.#intervalMs - now - this.#burst * this.#intervalMs;
  }

  #spend(): void {
    this.#fullAt = Math.max(this.#fullAt, this.#clock.now()) + this.#intervalMs;
  }

  #arm(): void {
    this.#cancelTimer ??= this.#clock.schedule(Math.max(0, Math.ceil(this.#waitMs())), () => {
      this.#cancelTimer = undefined;
      while (this.#waiting.length > 0 && this.#waitMs() <= 0) {
        this.#spend();
        this.#waiting.shift()?.serve();
      }
      if (this.#waiting.length > 0) this.#arm();
    });
  }

  #disarm(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}
