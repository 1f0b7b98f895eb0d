import type { Goods } from './prices.ts';
import { listPrice, perHour, round } from './prices.ts';

/** The price of the spot market over time, as a part of the list price. */
export class SpotMarket {
  readonly #steps: { readonly from: number; readonly part: number }[];

  /** `part`: of the list price, from the beginning on. */
  constructor(part: number) {
    this.#steps = [{ from: Number.NEGATIVE_INFINITY, part }];
  }

  /** From `at` on the spot price is that part of the list price. Steps are set in the order of time. */
  set(part: number, at: number): void {
    this.#steps.push({ from: at, part });
  }

  /** CNY per second. */
  price(goods: Goods, at: number): number {
    const part = this.#steps.findLast(({ from }) => from <= at)?.part ?? 1;
    return round(listPrice(goods).total * part);
  }

  outbids(priceLimit: number | undefined, goods: Goods, at: number): boolean {
    return priceLimit !== undefined && perHour(this.price(goods, at)) > priceLimit;
  }
}
