import type { Goods } from './prices.ts';

/** One thing on sale. */
export interface StockItem {
  readonly zone: string;
  readonly market: 'spot' | 'on-demand';
  readonly goods: Goods;
}

/** Matches everything that it does not exclude. */
export interface StockMatch {
  readonly zone?: string;
  readonly market?: 'spot' | 'on-demand';
  readonly cpu?: number;
  readonly memory?: number;
  readonly instanceType?: string;
}

interface Rule {
  readonly match: StockMatch;
  left: number;
}

/** What is left to sell; without rules, everything without end. The rule that was set last decides. */
export class Stock {
  readonly #rules: Rule[] = [];

  /** So many are left of what matches; 0 = sold out. */
  set(match: StockMatch, left: number): void {
    this.#rules.unshift({ match, left });
  }

  /** Everything is there again. */
  refill(): void {
    this.#rules.length = 0;
  }

  has(item: StockItem): boolean {
    return (this.#ruleFor(item)?.left ?? 1) > 0;
  }

  /** False when nothing is left. */
  take(item: StockItem): boolean {
    const rule = this.#ruleFor(item);
    if (rule === undefined) return true;
    if (rule.left <= 0) return false;
    rule.left--;
    return true;
  }

  #ruleFor({ zone, market, goods }: StockItem): Rule | undefined {
    const fits = (wanted: unknown, is: unknown): boolean => wanted === undefined || wanted === is;
    return this.#rules.find(
      ({ match }) =>
        fits(match.zone, zone) &&
        fits(match.market, market) &&
        fits(match.cpu, goods.cpu) &&
        fits(match.memory, goods.memory) &&
        fits(match.instanceType, goods.instanceType),
    );
  }
}
