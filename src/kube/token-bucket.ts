import type { Clock } from '../telemetry/clock.ts';

/** So many at once, then one every `refillMs`. */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #capacity: number;
  readonly #refillMs: number;
  #tokens: number;
  #asOf: number;

  constructor(clock: Clock, capacity: number, refillMs: number) {
    this.#clock = clock;
    this.#capacity = capacity;
    this.#refillMs = refillMs;
    this.#tokens = capacity;
    this.#asOf = clock.now();
  }

  /** Takes a token if there is one. */
  take(): boolean {
    if (this.waitMs() > 0) return false;
    this.#tokens--;
    return true;
  }

  /** Milliseconds until there is a token; 0 = now. */
  waitMs(): number {
    const now = this.#clock.now();
    this.#tokens = Math.min(this.#capacity, this.#tokens + Math.max(0, now - this.#asOf) / this.#refillMs);
    this.#asOf = now;
    return this.#tokens >= 1 ? 0 : Math.ceil((1 - this.#tokens) * this.#refillMs);
  }
}
