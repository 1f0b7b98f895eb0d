const leastMs = 200;
const mostMs = 5000;

/** How long to wait for an acknowledgement before a message is sent again: RFC 6298, in milliseconds. */
export class RoundTrip {
  #smoothMs: number | undefined;
  #variationMs = 0;

  get timeoutMs(): number {
    if (this.#smoothMs === undefined) return 1000;
    return Math.min(mostMs, Math.max(leastMs, this.#smoothMs + 4 * this.#variationMs));
  }

  took(ms: number): void {
    if (this.#smoothMs === undefined) {
      this.#smoothMs = ms;
      this.#variationMs = ms / 2;
      return;
    }
    this.#variationMs += (Math.abs(this.#smoothMs - ms) - this.#variationMs) / 4;
    this.#smoothMs += (ms - this.#smoothMs) / 8;
  }
}
