import type { InstanceSize, Market, Offer, Purchase } from '../contract/index.ts';
import { ProviderError } from '../contract/index.ts';
import type { EciOptions, SpotPolicy, VSwitch } from './options.ts';
import type { PriceBook } from './prices.ts';
import { onDemandSizes, spotSizes } from './sizes.ts';

/** Of the compute category economy (…/specify-the-compute-category-to-create-a-pod). */
const mostEconomyMillis = 8000;
const secondsPerHour = 3600;

/** What can be bought: spot in every zone first, where it is allowed, then on demand, in the order of the vSwitches. */
export function eciOffers(options: EciOptions, prices: PriceBook): readonly Offer[] {
  return marketsOf(options.spot).flatMap((market) =>
    options.vSwitches.map((vSwitch) => ({
      id: offerId(options, vSwitch, market),
      market,
      zone: vSwitch.zone,
      sizes: sizesOf(options, market).map((size) => prices.priced(size, market, vSwitch.zone)),
      rates: prices.rates(market, vSwitch.zone),
    })),
  );
}

/** Where an instance of this purchase is put. Throws InvalidSpec when it is none of ours. */
export function vSwitchOf(options: EciOptions, purchase: Pick<Purchase, 'offer' | 'market'>): VSwitch {
  const found = options.vSwitches.find((each) => offerId(options, each, purchase.market) === purchase.offer);
  if (found !== undefined) return found;
  throw new ProviderError(
    'InvalidSpec',
    `there is no offer ${purchase.offer} any more: provider.options.vSwitches has changed`,
  );
}

function marketsOf(spot: SpotPolicy | undefined): readonly Market[] {
  if (spot === undefined) return ['on-demand'];
  return spot.fallBack ? ['spot', 'on-demand'] : ['spot'];
}

/** By zone; two vSwitches of one zone are told apart by their own IDs. */
function offerId({ vSwitches }: EciOptions, { id, zone }: VSwitch, market: Market): string {
  const isAlone = vSwitches.filter((other) => other.zone === zone).length === 1;
  return `${isAlone ? zone : id}/${market}`;
}

function sizesOf(
  { region, spot, computeCategory, instanceTypes }: EciOptions,
  market: Market,
): InstanceSize[] {
  const byType = instanceTypes.map(({ name, cpu, memoryGib, gpus, pricePerHour }) => ({
    name,
    cpuMillis: cpu * 1000,
    memoryBytes: memoryGib * 1024 ** 3,
    ...(gpus > 0 && { extended: { 'nvidia.com/gpu': gpus } }),
    ...(market === 'on-demand' &&
      pricePerHour !== undefined && { pricePerSecond: pricePerHour / secondsPerHour }),
  }));
  if (market === 'on-demand') {
    const most = computeCategory === 'economy' ? mostEconomyMillis : Number.POSITIVE_INFINITY;
    return [...onDemandSizes(region).filter(({ cpuMillis }) => cpuMillis <= most), ...byType];
  }
  const hasBid = ({ name }: InstanceSize): boolean =>
    spot?.strategy !== 'SpotWithPriceLimit' || spot.pricePerHour[name] !== undefined;
  return [...spotSizes(), ...byType].filter(hasBid);
}
