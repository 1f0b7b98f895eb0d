export interface BucketRate {
  /** Calls that may come at once. */
  readonly burst: number;
  readonly perSecond: number;
}

/** A throttle bucket that counts what it refused. */
export class TokenBucket {
  readonly #rate: BucketRate;
  #tokens: number;
  #at = Number.NEGATIVE_INFINITY;
  taken = 0;
  refused = 0;

  constructor(rate: BucketRate) {
    this.#rate = rate;
    this.#tokens = rate.burst;
  }

  take(now: number): boolean {
    const { burst, perSecond } = this.#rate;
    const passedMs = Number.isFinite(this.#at) ? Math.max(0, now - this.#at) : 0;
    this.#tokens = Math.min(burst, this.#tokens + (passedMs / 1000) * perSecond);
    this.#at = now;
    if (this.#tokens < 1) {
      this.refused++;
      return false;
    }
    this.#tokens--;
    this.taken++;
    return true;
  }
}
