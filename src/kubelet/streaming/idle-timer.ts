import type { Clock } from '../../telemetry/clock.ts';

/** Calls back each time `ms` have gone by since the last touch. A touch costs no timer. */
export class IdleTimer {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #onIdle: () => void;
  #touched: number;
  #cancel: () => void;

  constructor(clock: Clock, ms: number, onIdle: () => void) {
    this.#clock = clock;
    this.#ms = ms;
    this.#onIdle = onIdle;
    this.#touched = clock.now();
    this.#cancel = clock.schedule(ms, () => this.#look());
  }

  touch(): void {
    this.#touched = this.#clock.now();
  }

  stop(): void {
    this.#cancel();
  }

  #look(): void {
    // A wall clock may jump back; then the rest is no longer than the whole.
    const left = Math.min(this.#ms, this.#touched + this.#ms - this.#clock.now());
    this.#cancel = this.#clock.schedule(left > 0 ? left : this.#ms, () => this.#look());
    if (left <= 0) this.#onIdle();
  }
}
