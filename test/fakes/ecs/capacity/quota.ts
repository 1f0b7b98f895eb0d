import type { FakeMarket } from './stock.ts';

/** What RunTask says then, as a failure in an answer of HTTP 200. */
export const quotaMessage = "You've reached the limit on the number of vCPUs you can run concurrently";

/** The service quotas "Fargate On-Demand vCPU resource count" and "Fargate Spot vCPU resource count". */
export class Quota {
  readonly #limits = new Map<FakeMarket, number>();
  readonly #used = new Map<FakeMarket, number>();

  set(market: FakeMarket, vcpus: number): void {
    this.#limits.set(market, vcpus);
  }

  used(market: FakeMarket): number {
    return this.#used.get(market) ?? 0;
  }

  /** Whether there is room for that many more. */
  allows(market: FakeMarket, vcpus: number): boolean {
    return this.used(market) + vcpus <= (this.#limits.get(market) ?? Number.POSITIVE_INFINITY);
  }

  /** Negative = given back. */
  take(market: FakeMarket, vcpus: number): void {
    this.#used.set(market, this.used(market) + vcpus);
  }
}
