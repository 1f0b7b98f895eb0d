import { logTime } from '../../contract/log-select.ts';

/** How far the stopwatch may run away from the wall clock before it is set anew. */
const toleranceMs = 2;

/** Time stamps with nanoseconds: the wall clock for the date, a monotonic one for what is between two milliseconds. */
export class LogClock {
  #wallMs = 0;
  #atNanos = 0n;

  stamp(): string {
    const wall = Date.now();
    const nanos = process.hrtime.bigint();
    const passed = Number(nanos - this.#atNanos);
    const expected = this.#wallMs + passed / 1e6;
    if (Math.abs(expected - wall) > toleranceMs) {
      this.#wallMs = wall;
      this.#atNanos = nanos;
      return logTime(wall);
    }
    return logTime(this.#wallMs + Math.floor(passed / 1e6), passed % 1e6);
  }
}
