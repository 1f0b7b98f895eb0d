import type { Clock } from '../../telemetry/clock.ts';

export interface LimiterOptions {
  /** Works at the same time. */
  readonly width: number;
  /** Works that may wait; one more is turned away. */
  readonly queue: number;
  /** Longest wait. */
  readonly waitMs: number;
}

/** Too much is asked at once. */
class Overloaded extends Error {
  override readonly name = 'Overloaded';
}

/** Lets so many works run at a time; the others wait for their turn, first come first served, but not for long. */
export class Limiter {
  readonly #clock: Clock;
  readonly #options: LimiterOptions;
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(clock: Clock, options: LimiterOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#options.width) await this.#turn();
    else this.#running++;
    try {
      return await work();
    } finally {
      const [next] = this.#waiting;
      // The place goes to the next without being free in between.
      if (next === undefined) this.#running--;
      else next();
    }
  }

  #turn(): Promise<void> {
    const { queue, waitMs } = this.#options;
    if (this.#waiting.size >= queue) return Promise.reject(new Overloaded(`${queue} others wait already`));
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        this.#waiting.delete(begin);
        cancel();
        resolve();
      };
      const cancel = this.#clock.schedule(waitMs, () => {
        this.#waiting.delete(begin);
        reject(new Overloaded(`no turn within ${waitMs / 1000} s`));
      });
      this.#waiting.add(begin);
    });
  }
}
