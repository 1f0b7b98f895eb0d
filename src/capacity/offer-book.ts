import type { Offer, Purchase } from '../../providers/contract/index.ts';
import { backoffMs } from '../telemetry/backoff.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { Asked } from './asked.ts';
import { purchaseOf } from './choose-size.ts';

const firstShutMs = 30_000;
const longestShutMs = 600_000;
/** A probe that nobody ever answers for does not keep the offer shut for ever. */
const probeMs = 120_000;

export type Choice =
  | { readonly kind: 'purchase'; readonly purchase: Purchase }
  /** Every offer that has a size for it is out of stock; the earliest is tried again `at` (milliseconds). */
  | { readonly kind: 'shut'; readonly offers: readonly string[]; readonly at: number }
  /** No offer has a size that holds what is asked. */
  | { readonly kind: 'too-large' };

/** Times in milliseconds. */
interface Shut {
  readonly times: number;
  readonly since: number;
  readonly until: number;
}

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
  readonly #shut = new Map<string, Shut>();

  constructor(deps: OfferBookDeps) {
    this.#deps = deps;
  }

  /** For one creation, which ends in {@link outOfStock} or {@link bought}, or in neither when it failed otherwise. */
  choose(asked: Asked): Choice {
    const { clock, offers } = this.#deps;
    const now = clock.now();
    const shut: { readonly id: string; readonly until: number }[] = [];
    for (const offer of offers()) {
      const purchase = purchaseOf(asked, offer);
      if (purchase === undefined) continue;
      const state = this.#shut.get(offer.id);
      if (state !== undefined && state.until > now) {
        shut.push({ id: offer.id, until: state.until });
        continue;
      }
      if (state !== undefined) this.#shut.set(offer.id, { ...state, until: now + probeMs });
      return { kind: 'purchase', purchase };
    }
    if (shut.length === 0) return { kind: 'too-large' };
    return {
      kind: 'shut',
      offers: shut.map(({ id }) => id),
      at: Math.min(...shut.map(({ until }) => until)),
    };
  }

  /** `chosenAt`, in milliseconds: who chose before it was shut learns nothing new, so that many at once count once. */
  outOfStock(offer: string, chosenAt: number): void {
    const { clock, random } = this.#deps;
    const known = this.#shut.get(offer);
    if (known !== undefined && chosenAt <= known.since) return;
    const [times, since] = [known?.times ?? 0, clock.now()];
    const until = since + backoffMs(times, firstShutMs, longestShutMs, random);
    this.#shut.set(offer, { times: times + 1, since, until });
  }

  /** It has stock again. */
  bought(offer: string): void {
    this.#shut.delete(offer);
  }
}
