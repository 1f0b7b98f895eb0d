import type { InstanceSize, Market, Rates } from '../contract/index.ts';
import { ProviderError } from '../contract/index.ts';
import type { Calls } from './api/calls.ts';
import type { EciAnswer } from './api/eci-api.ts';
import type { EciOptions } from './options.ts';

/**
 * List prices per vCPU and GiB and second, as published. Good enough to choose between sizes before the first answer of
 * DescribeContainerGroupPrice, and where that may not be asked.
 */
function listRates(region: string, category: EciOptions['computeCategory']): Rates {
  if (!region.startsWith('cn-') || region === 'cn-hongkong')
    return {
      currency: 'USD',
      perCpuSecond: 0.0000077,
      perGibSecond: 0.00000096,
      minimumSeconds: 1,
      asOf: '2021-01-01',
      source: 'ECI price list of the international site, as AlibabaCloudDocs/csk has it',
    };
  return {
    currency: 'CNY',
    perCpuSecond: category === 'economy' ? 0.000027 : 0.000049,
    perGibSecond: 0.00000613,
    minimumSeconds: 1,
    asOf: '2024-11-27',
    source: 'https://help.aliyun.com/zh/eci/product-overview/elastic-container-instances',
  };
}

/** A price is asked anew when it is older, and not sooner after an attempt that failed. */
const freshMs = 6 * 3600_000;
const secondsPerHour = 3600;

/** Asked for before anything is bought: from its price follow those of all sizes, as an estimate. */
const sample: InstanceSize = { name: '2.0-4.0Gi', cpuMillis: 2000, memoryBytes: 4 * 1024 ** 3 };

interface Wanted {
  readonly market: Market;
  readonly size: InstanceSize;
  /** When it was asked for last, milliseconds. */
  readonly askedAt: number;
  /** By zone; '' = in all zones. Empty until there was an answer. */
  readonly perSecond: ReadonlyMap<string, number>;
}

/**
 * What instances cost: the list; over it what the vendor says of one size in each market, from which the others are
 * estimated; over that what it says of the sizes that were bought. It asks rarely, one size at a time, and only when
 * {@link PriceBook.refresh} is called.
 */
export class PriceBook {
  readonly #options: EciOptions;
  readonly #wanted = new Map<string, Wanted>();
  #rates: Rates;

  constructor(options: EciOptions) {
    this.#options = options;
    this.#rates = listRates(options.region, options.computeCategory);
    this.want('on-demand', sample);
    if (options.spot !== undefined) this.want('spot', sample);
  }

  /** Spot has no list: until the market was asked, its estimate is that on demand. */
  rates(market: Market, zone: string): Rates {
    const rates = this.#rates;
    const price = market === 'spot' ? this.#known(market, sample, zone) : undefined;
    if (price === undefined) return rates;
    const { cpu, memory } = plainSize(sample);
    const part = price / (cpu * rates.perCpuSecond + memory * rates.perGibSecond);
    return {
      ...rates,
      perCpuSecond: part * rates.perCpuSecond,
      perGibSecond: part * rates.perGibSecond,
      source: `${rates.source}, times the spot price of ${sample.name}`,
    };
  }

  /** The size with its price of its own, where one is known. */
  priced(size: InstanceSize, market: Market, zone: string): InstanceSize {
    const pricePerSecond = this.#known(market, size, zone);
    return pricePerSecond === undefined ? size : { ...size, pricePerSecond };
  }

  want(market: Market, size: InstanceSize): void {
    const key = keyOf(market, size);
    if (!this.#wanted.has(key))
      this.#wanted.set(key, { market, size, askedAt: Number.NEGATIVE_INFINITY, perSecond: new Map() });
  }

  /** Asks for what is old, if anything is: at most one call. Failures leave what was known. */
  async refresh(calls: Calls, now: number, signal: AbortSignal): Promise<void> {
    const due = [...this.#wanted].find(([, { askedAt }]) => askedAt <= now - freshMs);
    if (due === undefined) return;
    const [key, wanted] = due;
    const { market, size } = wanted;
    this.#wanted.set(key, { ...wanted, askedAt: now });
    const { computeCategory } = this.#options;
    const isEconomy = computeCategory === 'economy' && market === 'on-demand';
    try {
      const { priceInfo } = await calls.call(
        'describeContainerGroupPrice',
        {
          ...(size.name.startsWith('ecs.') ? { instanceType: size.name } : plainSize(size)),
          ...(market === 'spot' && { spotStrategy: 'SpotAsPriceGo' }),
        },
        { urgency: 'log', ...(isEconomy && { further: { 'ComputeCategory.1': 'economy' } }) },
        signal,
      );
      const perSecond = pricesOf(market, priceInfo);
      if (perSecond.size > 0) this.#wanted.set(key, { ...wanted, askedAt: now, perSecond });
      if (market === 'on-demand' && size.name === sample.name)
        this.#rates = ratesOf(priceInfo, this.#rates, now);
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
    }
  }

  #known(market: Market, size: InstanceSize, zone: string): number | undefined {
    const prices = this.#wanted.get(keyOf(market, size))?.perSecond;
    return prices?.get(zone) ?? prices?.get('');
  }
}

type PriceInfo = EciAnswer<'describeContainerGroupPrice'>['priceInfo'];

/** Spot prices come by zone and hour, the others in one for all zones and by the second. */
function pricesOf(market: Market, info: PriceInfo): ReadonlyMap<string, number> {
  const spot = market === 'spot' ? (info?.spotPrices?.spotPrice ?? []) : [];
  const byZone = spot.flatMap(({ zoneId = '', spotPrice }) =>
    spotPrice === undefined ? [] : [[zoneId, spotPrice / secondsPerHour] as const],
  );
  const whole = info?.price?.tradePrice;
  if (byZone.length > 0 || whole === undefined) return new Map(byZone);
  return new Map([['', whole]]);
}

/** The list as the vendor has it now, from the parts of the price of the sample. */
function ratesOf(info: PriceInfo, before: Rates, now: number): Rates {
  const { currency = before.currency, detailInfos } = info?.price ?? {};
  const part = (name: string): number | undefined =>
    detailInfos?.detailInfo?.find(({ resource }) => resource === name)?.tradePrice;
  const [cpu, memory] = [part('cpu'), part('mem')];
  if (cpu === undefined || memory === undefined) return { ...before, currency };
  const units = plainSize(sample);
  return {
    ...before,
    currency,
    perCpuSecond: cpu / units.cpu,
    perGibSecond: memory / units.memory,
    asOf: new Date(now).toISOString().slice(0, 10),
    source: 'DescribeContainerGroupPrice',
  };
}

function keyOf(market: Market, size: InstanceSize): string {
  return `${market}/${size.name}`;
}

export function plainSize(size: InstanceSize): { readonly cpu: number; readonly memory: number } {
  return { cpu: size.cpuMillis / 1000, memory: size.memoryBytes / 1024 ** 3 };
}
