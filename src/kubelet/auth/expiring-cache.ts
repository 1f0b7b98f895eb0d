import type { Clock } from '../../telemetry/clock.ts';

interface Entry<T> {
  readonly value: T;
  readonly until: number;
}

/** Remembers answers for a time, and at most so many of them: the oldest go first. */
export class ExpiringCache<T> {
  readonly #clock: Clock;
  readonly #capacity: number;
  readonly #entries = new Map<string, Entry<T>>();

  constructor(clock: Clock, capacity: number) {
    this.#clock = clock;
    this.#capacity = capacity;
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.until > this.#clock.now()) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: string, value: T, ttlMs: number): void {
    this.#entries.delete(key);
    const oldest = this.#entries.keys().next();
    if (this.#entries.size >= this.#capacity && !oldest.done) this.#entries.delete(oldest.value);
    this.#entries.set(key, { value, until: this.#clock.now() + ttlMs });
  }
}
