import type { Offer, Wishes } from '../../providers/contract/index.ts';
import type { Pod } from '../kube/types.ts';

/** With these annotations the owner of a Pod narrows what may be bought for it. */
export const wishes = {
  /** `spot` or `on-demand`. */
  market: 'burstlet.dev/use-market',
  /** Names of sizes, in any order, with commas between them. */
  sizes: 'burstlet.dev/use-sizes',
} as const;

/**
 * The offers that are left for a Pod, each with the sizes that are left; those without any are left out. What the vendor's
 * own annotations say comes first.
 */
export function offersFor({ metadata }: Pod, all: readonly Offer[], vendor?: Wishes): readonly Offer[] {
  const { annotations = {} } = metadata ?? {};
  const offers = vendor?.narrow(all, annotations) ?? all;
  const [market, sizes] = [annotations[wishes.market], annotations[wishes.sizes]];
  if (market === undefined && sizes === undefined) return offers;
  const names = sizes?.split(',').map((name) => name.trim());
  return offers.flatMap((offer) => {
    if (market !== undefined && offer.market !== market) return [];
    if (names === undefined) return [offer];
    const left = offer.sizes.filter(({ name }) => names.includes(name));
    return left.length === 0 ? [] : [{ ...offer, sizes: left }];
  });
}
