import type { Billing, Offer, Purchase, SizingRules } from '../contract/index.ts';
import { ProviderError } from '../contract/index.ts';
import type { Latency } from './random.ts';
import { drawMs } from './random.ts';

/** `in`: there is stock. `out`: create is refused. `late`: create is accepted, and the lack is found out a while later. */
export const stockStates = ['in', 'out', 'late'] as const;
export type StockState = (typeof stockStates)[number];

/** An offer of the mock cloud, and what befalls those who take it. */
export interface MockOffer {
  readonly offer: Offer;
  /** The stock from `atMs` on, counted from the start of the cloud; in order. `in` before the first. */
  readonly stock: readonly { readonly atMs: number; readonly state: StockState }[];
  /** Instances that are taken back: this part of them, so long after they were accepted, with so much notice. */
  readonly reclaims?: { readonly chance: number; readonly afterMs: Latency; readonly noticeMs: number };
}

/** What was agreed on for one instance. Times in milliseconds since the epoch. */
export interface Sale {
  readonly purchase: Purchase;
  /** When it turns out that there is nothing to run it on. */
  readonly failsAt?: number;
  readonly reclaim?: { readonly at: number; readonly noticeMs: number };
}

/** One line of the cloud's bill, by its own clock. */
export interface Bill extends Billing {
  readonly podUid: string;
  readonly instance: string;
  readonly purchase: Purchase;
}

export const mockSizing: SizingRules = {
  unasked: { cpuMillis: 250, memoryBytes: 512 * 1024 ** 2 },
  counts: 'limits',
};

/** Until `late` is found out. */
const lateMs = 2_000;

export interface MockMarketDeps {
  readonly offers: readonly MockOffer[];
  readonly random: () => number;
  /** Milliseconds. */
  readonly startedAt: number;
}

/** The shop in front of the mock cloud: what it sells, at which stock, and its books. */
export class MockMarket {
  readonly offers: readonly Offer[];
  readonly bills = new Map<string, Bill>();
  readonly #deps: MockMarketDeps;
  readonly #stock = new Map<string, StockState>();

  constructor(deps: MockMarketDeps) {
    this.#deps = deps;
    this.offers = deps.offers.map(({ offer }) => offer);
  }

  /** From now on, whatever the schedule says. */
  setStock(offer: string, state: StockState): void {
    this.#stock.set(offer, state);
  }

  /** Throws OutOfStock, and InvalidSpec for what is not sold. */
  sell(purchase: Purchase | undefined, now: number): Sale {
    const { offers, random } = this.#deps;
    const found = offers.find(({ offer }) => offer.id === purchase?.offer);
    if (purchase === undefined || found === undefined)
      throw new ProviderError('InvalidSpec', `there is no offer ${purchase?.offer ?? 'without a name'}`);
    const { sizes, market, id } = found.offer;
    if (market !== purchase.market || !sizes.some(({ name }) => name === purchase.size.name))
      throw new ProviderError(
        'InvalidSpec',
        `${id} does not sell ${purchase.size.name} on ${purchase.market}`,
      );
    const state = this.#stateOf(found, now);
    if (state === 'out')
      throw new ProviderError('OutOfStock', `no stock of ${purchase.size.name}`, { offer: id });
    if (state === 'late') return { purchase, failsAt: now + lateMs };
    const { reclaims } = found;
    if (reclaims === undefined || random() >= reclaims.chance) return { purchase };
    const { afterMs, noticeMs } = reclaims;
    return { purchase, reclaim: { at: now + drawMs(afterMs, random), noticeMs } };
  }

  #stateOf({ offer, stock }: MockOffer, now: number): StockState {
    const since = now - this.#deps.startedAt;
    return this.#stock.get(offer.id) ?? stock.findLast(({ atMs }) => atMs <= since)?.state ?? 'in';
  }
}

/** A token stands for one purchase. Throws InvalidSpec when it comes with another. */
export function requireSamePurchase(first: Purchase | undefined, again: Purchase | undefined): void {
  if (first?.offer === again?.offer && first?.size.name === again?.size.name) return;
  throw new ProviderError('InvalidSpec', 'the token was used before, for another purchase');
}
