import type { Market, Rates } from '../contract/index.ts';
import type { Architecture } from './options.ts';

/** Per hour, in US dollars, as the price lists print it. */
interface ListPrice {
  readonly region: string;
  readonly market: Market;
  readonly architecture: Architecture;
  readonly perVcpuHour: number;
  readonly perGibHour: number;
  readonly asOf: string;
  readonly source: string;
}

/**
 * List prices that were read and when. They are not live, and regions that are missing have none: a price that was
 * guessed from another region would look as certain as one that was read. Spot prices move with the supply.
 */
const priceBook: readonly ListPrice[] = [
  {
    region: 'us-east-1',
    market: 'on-demand',
    architecture: 'X86_64',
    perVcpuHour: 0.04048,
    perGibHour: 0.004445,
    asOf: '2026-11-22',
    source: 'https://www.vantage.sh/blog/fargate-pricing',
  },
  {
    region: 'us-east-1',
    market: 'on-demand',
    architecture: 'ARM64',
    perVcpuHour: 0.03238,
    perGibHour: 0.00356,
    asOf: '2026-11-22',
    source: 'https://www.vantage.sh/blog/fargate-pricing',
  },
  {
    region: 'eu-west-1',
    market: 'spot',
    architecture: 'X86_64',
    perVcpuHour: 0.01334053,
    perGibHour: 0.00146489,
    asOf: '2020-01-01',
    source: 'https://tomgregory.com/aws/aws-fargate-spot-vs-fargate-price-comparison/',
  },
];

/** A task is billed by the second, for at least a minute. */
const minimumSeconds = 60;

/** Prices that the operator gives count before the book: they know their contract. */
export interface GivenPrice {
  readonly currency: string;
  readonly perVcpuHour: number;
  readonly perGibHour: number;
  /** ISO 8601 date on which it was read. */
  readonly asOf: string;
}

/** What a task costs there; undefined = not known. */
export function ratesOf(
  region: string,
  market: Market,
  architecture: Architecture,
  given: GivenPrice | undefined,
): Rates | undefined {
  const listed = priceBook.find(
    (price) => price.region === region && price.market === market && price.architecture === architecture,
  );
  const price = given === undefined ? listed : { ...given, source: 'provider.options.prices' };
  if (price === undefined) return undefined;
  return {
    currency: 'currency' in price ? price.currency : 'USD',
    perCpuSecond: price.perVcpuHour / 3600,
    perGibSecond: price.perGibHour / 3600,
    minimumSeconds,
    asOf: price.asOf,
    source: price.source,
  };
}
