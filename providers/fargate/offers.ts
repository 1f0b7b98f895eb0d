import type { Market, Offer } from '../contract/index.ts';
import type { FargateOptions } from './options.ts';
import { ratesOf } from './prices.ts';
import { sizes } from './sizes.ts';

/** The capacity provider of a market. */
export const capacityProviders: Readonly<Record<Market, string>> = {
  spot: 'FARGATE_SPOT',
  'on-demand': 'FARGATE',
};

/** Every market in every zone: the markets in the order of the option, the zones of one market in the order of theirs. */
export function offersOf(options: FargateOptions): readonly Offer[] {
  const { region, architecture, prices } = options;
  return options.markets.flatMap((market) => {
    const rates = ratesOf(region, market, architecture, prices?.[market]);
    return Object.keys(options.subnets).map((zone) => ({
      id: `${zone}/${market}`,
      market,
      zone,
      sizes,
      ...(rates === undefined ? {} : { rates }),
    }));
  });
}

/** The subnet of an offer; undefined when there is no such offer any more. */
export function subnetOf(options: FargateOptions, offer: string): string | undefined {
  const [zone = ''] = offer.split('/');
  return options.subnets[zone];
}
