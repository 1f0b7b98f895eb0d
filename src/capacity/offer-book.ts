import type { Offer, Purchase } from '../../providers/contract/index.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { Asked } from './asked.ts';
import { purchaseOf } from './choose-size.ts';
import { Shutters } from './shutters.ts';

const firstShutMs = 30_000;
const longestShutMs = 600_000;

/** An offer that has no stock now. */
export interface PassedOver {
  readonly offer: string;
  readonly why: string;
}

export type Choice =
  | {
      readonly kind: 'purchase';
      readonly purchase: Purchase;
      /** The offers before it that have a size for it, but no stock. */
      readonly passed: readonly PassedOver[];
    }
  /** Every offer that has a size for it is out of stock; the earliest is tried again `at` (milliseconds). */
  | { readonly kind: 'shut'; readonly passed: readonly PassedOver[]; readonly at: number }
  /** No offer has a size that holds what is asked. */
  | { readonly kind: 'too-large' };

export interface OfferBookDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly offers: () => readonly Offer[];
}

/**
 * What this process has learned of the stock behind a provider's offers. One that was out of stock is shut for half a
 * minute, then twice as long each time. When that is over it lets one Pod pass, and the others only once that one has
 * its instance: a market without stock is asked once in a while, not by every Pod that waits.
 */
export class OfferBook {
  readonly #deps: OfferBookDeps;
  readonly #shutters: Shutters;

  constructor(deps: OfferBookDeps) {
    this.#deps = deps;
    this.#shutters = new Shutters({ ...deps, firstMs: firstShutMs, longestMs: longestShutMs });
  }

  /**
   * For one creation, which ends in {@link outOfStock} or {@link bought}, or in neither when it failed otherwise. Of all
   * offers, or of those that may be taken for it.
   */
  choose(asked: Asked, among: (offers: readonly Offer[]) => readonly Offer[] = (all) => all): Choice {
    const { clock, offers } = this.#deps;
    const passed: PassedOver[] = [];
    let at = Number.POSITIVE_INFINITY;
    const all = offers();
    for (const offer of among(all)) {
      const purchase = purchaseOf(asked, offer);
      if (purchase === undefined) continue;
      const shut = this.#shutters.pass(offer.id);
      if (shut === undefined) return { kind: 'purchase', purchase, passed };
      // The same offer may come again with another size.
      if (passed.every(({ offer: id }) => id !== offer.id)) passed.push({ offer: offer.id, why: shut.why });
      at = Math.min(at, shut.until);
    }
    // A provider that has not learned its offers yet has nothing too small.
    if (all.length === 0) return { kind: 'shut', passed, at: clock.now() + firstShutMs };
    return passed.length === 0 ? { kind: 'too-large' } : { kind: 'shut', passed, at };
  }

  /** `chosenAt` in milliseconds. Returns until when the offer is shut. */
  outOfStock(offer: string, chosenAt: number, why: string): number {
    return this.#shutters.shut(offer, chosenAt, why);
  }

  isShut(offer: string): boolean {
    return this.#shutters.isShut(offer);
  }

  /** It has stock. True when that is news. */
  bought(offer: string): boolean {
    return this.#shutters.open(offer);
  }
}
