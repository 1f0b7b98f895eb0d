import type { Billing, Price } from '../../providers/contract/index.ts';

/** What an instance costs: by the second, begun ones whole, and no less than the minimum. */
export interface Tariff {
  readonly price: Price;
  readonly minimumSeconds: number;
}

/** Seconds that are billed, until `now` (milliseconds) as long as it goes on. */
export function billedSeconds({ startedAt, endedAt }: Billing, minimumSeconds: number, now: number): number {
  const end = endedAt === undefined ? now : Date.parse(endedAt);
  return Math.max(minimumSeconds, Math.ceil((end - Date.parse(startedAt)) / 1000), 0);
}

export function costOf(billing: Billing, { price, minimumSeconds }: Tariff, now: number): number {
  return billedSeconds(billing, minimumSeconds, now) * price.perSecond;
}

/** `0.00123 USD`: six digits that count or six decimals, never an exponent, so that people and scripts can read it. */
export function moneyText(amount: number, currency: string): string {
  const text = amount < 1 ? Number(amount.toPrecision(6)).toFixed(15) : amount.toFixed(6);
  const [whole = '0', rest = ''] = text.split('.');
  const decimals = rest.replace(/0+$/, '');
  return `${decimals === '' ? whole : `${whole}.${decimals}`} ${currency}`;
}

/** Undefined where the text is none of {@link moneyText}. */
export function readMoney(
  text: string | undefined,
): { readonly amount: number; readonly currency: string } | undefined {
  const match = /^(\d+(?:\.\d+)?) ([A-Z]{3})$/.exec(text ?? '');
  return match === null ? undefined : { amount: Number(match[1]), currency: match[2] ?? '' };
}
