import type { Billing, Offer, Purchase } from '../../providers/contract/index.ts';
import type { Pod } from '../kube/types.ts';
import type { Asked } from './asked.ts';
import { amountsText } from './asked-text.ts';
import { costOf, moneyText, readMoney, type Tariff } from './cost.ts';
import type { PassedOver } from './offer-book.ts';

/** The annotations that hold what was bought for a Pod. They are written before the purchase is made. */
export const notes = {
  /** Absent = 0. */
  attempt: 'burstlet.dev/attempt',
  offer: 'burstlet.dev/offer',
  market: 'burstlet.dev/market',
  size: 'burstlet.dev/instance-size',
  asked: 'burstlet.dev/asked',
  /** `0.0000123 USD` */
  price: 'burstlet.dev/price-per-second',
  /** Absent = 1. */
  minimum: 'burstlet.dev/minimum-seconds',
  /**
   * The process that buys. No create call is made before the one that makes it has written this: from then on a write
   * of its predecessor that is still on its way is of an older version, and comes to nothing.
   */
  buyer: 'burstlet.dev/buyer',
  /** Offers that had no stock. */
  passed: 'burstlet.dev/passed-over',
  billed: 'burstlet.dev/billed-since',
  /** Of the Pod that has ended: `0.0123 USD`. */
  cost: 'burstlet.dev/cost',
} as const;

const own: ReadonlySet<string> = new Set(Object.values(notes));

export function withoutNotes(annotations: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).filter(([name]) => !own.has(name)));
}

/** Values by annotation; null = it shall not be there. */
export type Annotations = Readonly<Record<string, string | null>>;

/** One attempt to get an instance. */
export interface Attempt {
  readonly number: number;
  /** Undefined: nothing yet. */
  readonly purchase: Purchase | undefined;
  readonly minimumSeconds: number;
  readonly asked: Asked;
  readonly passed: readonly PassedOver[];
}

const longestPassed = 1_000;

export function attemptNotes({ number, purchase, minimumSeconds, asked, passed }: Attempt): Annotations {
  const price = purchase?.price;
  return {
    [notes.attempt]: number === 0 ? null : String(number),
    [notes.offer]: purchase?.offer ?? null,
    [notes.market]: purchase?.market ?? null,
    [notes.size]: purchase?.size.name ?? null,
    [notes.asked]: purchase === undefined ? null : amountsText(asked),
    [notes.price]: price === undefined ? null : moneyText(price.perSecond, price.currency),
    [notes.minimum]: price === undefined || minimumSeconds <= 1 ? null : String(minimumSeconds),
    [notes.passed]: passed.length === 0 ? null : passedText(passed).slice(0, longestPassed),
  };
}

export function passedText(passed: readonly PassedOver[]): string {
  return passed.map(({ offer, why }) => `${offer} (${why})`).join(', ');
}

/** True when the Pod has them all. */
export function hasNotes({ metadata }: Pod, wanted: Annotations): boolean {
  const { annotations = {} } = metadata ?? {};
  return Object.entries(wanted).every(([name, value]) => (annotations[name] ?? null) === value);
}

/** Anything that is no number was not written by a node. */
export function attemptOf({ metadata }: Pod): number {
  const text = metadata?.annotations?.[notes.attempt] ?? '';
  return /^\d{1,6}$/.test(text) ? Number(text) : 0;
}

/** Whether the Pod says that something was bought for it. */
export function saysPurchase({ metadata }: Pod): boolean {
  return metadata?.annotations?.[notes.offer] !== undefined;
}

/** What the Pod says was bought, in the words of the offers; undefined where nothing was, or it is not sold any more. */
export function purchaseIn(pod: Pod, offers: readonly Offer[]): Purchase | undefined {
  const { annotations = {} } = pod.metadata ?? {};
  const offer = offers.find(({ id }) => id === annotations[notes.offer]);
  const size = offer?.sizes.find(({ name }) => name === annotations[notes.size]);
  if (offer === undefined || size === undefined || offer.market !== annotations[notes.market])
    return undefined;
  const price = tariffIn(pod)?.price;
  return { offer: offer.id, market: offer.market, size, ...(price && { price }) };
}

/** At what price; undefined where it is not known. */
export function tariffIn({ metadata }: Pod): Tariff | undefined {
  const { annotations = {} } = metadata ?? {};
  const price = readMoney(annotations[notes.price]);
  if (price === undefined) return undefined;
  const minimum = Number(annotations[notes.minimum] ?? 1);
  return {
    price: { currency: price.currency, perSecond: price.amount },
    minimumSeconds: Number.isSafeInteger(minimum) && minimum > 0 ? minimum : 1,
  };
}

/** What is written of the bill: when it began, and once the Pod has `ended` (milliseconds) what it came to. */
export function billNotes(pod: Pod, billing: Billing, ended: number | undefined): Annotations {
  const tariff = tariffIn(pod);
  const cost = tariff === undefined || ended === undefined ? undefined : costOf(billing, tariff, ended);
  return {
    [notes.billed]: billing.startedAt,
    ...(tariff === undefined || cost === undefined
      ? {}
      : { [notes.cost]: moneyText(cost, tariff.price.currency) }),
  };
}
