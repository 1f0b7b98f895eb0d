export type FakeMarket = 'on-demand' | 'spot';

/** What AWS says: repost.aws/knowledge-center/ecs-fargate-runtask-capacity */
export const outOfStockMessage =
  'Capacity is unavailable at this time. Please try again later or in a different availability zone';

/** How many tasks there is room for, by zone and market. Without a word there is room for any number. */
export class Stock {
  readonly #limits = new Map<string, number>();
  readonly #used = new Map<string, number>();
  /** True = a shortage is not told by RunTask: the task is accepted and ends with TaskFailedToStart. */
  tellsLate = false;

  /** At most so many tasks at the same time; 0 = sold out. `*` stands for every zone. */
  set(zone: string, market: FakeMarket, tasks: number): void {
    this.#limits.set(`${zone} ${market}`, tasks);
  }

  /** There is room for any number again. */
  refill(): void {
    this.#limits.clear();
  }

  has(zone: string, market: FakeMarket): boolean {
    const limit = this.#limits.get(`${zone} ${market}`) ?? this.#limits.get(`* ${market}`);
    return limit === undefined || (this.#used.get(`${zone} ${market}`) ?? 0) < limit;
  }

  take(zone: string, market: FakeMarket): void {
    this.#add(zone, market, 1);
  }

  giveBack(zone: string, market: FakeMarket): void {
    this.#add(zone, market, -1);
  }

  #add(zone: string, market: FakeMarket, tasks: number): void {
    const key = `${zone} ${market}`;
    this.#used.set(key, (this.#used.get(key) ?? 0) + tasks);
  }
}
