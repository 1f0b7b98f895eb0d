import type { Clock } from '../../telemetry/clock.ts';
import { ExpiringCache } from './expiring-cache.ts';
import { Limiter } from './limiter.ts';

export interface Reviewed<T> {
  readonly value: T;
  /** How long it holds. */
  readonly ttlMs: number;
}

/** At the API server at the same time, and waiting for that. */
const width = 8;
const queue = 100;
export const reviewTimeoutMs = 10_000;

/** Answers of the API server to reviews: remembered for a time, and the same question is never asked twice at once. */
export class ReviewCache<T> {
  readonly #known: ExpiringCache<{ readonly value: T }>;
  readonly #asked = new Map<string, Promise<T>>();
  readonly #limiter: Limiter;

  constructor(clock: Clock, capacity: number) {
    this.#known = new ExpiringCache(clock, capacity);
    this.#limiter = new Limiter(clock, { width, queue, waitMs: reviewTimeoutMs });
  }

  /** Rejects when `ask` does; that is not remembered. */
  async get(key: string, ask: () => Promise<Reviewed<T>>): Promise<T> {
    const known = this.#known.get(key);
    if (known !== undefined) return known.value;
    const asked = this.#asked.get(key);
    if (asked !== undefined) return asked;
    const asking = this.#limiter
      .run(ask)
      .then(({ value, ttlMs }) => {
        this.#known.set(key, { value }, ttlMs);
        return value;
      })
      .finally(() => this.#asked.delete(key));
    this.#asked.set(key, asking);
    return asking;
  }
}
