import type { Billing } from '../../providers/contract/index.ts';
import type { Clock } from '../telemetry/clock.ts';
import { costOf, type Tariff } from './cost.ts';

/** Whose money it is, and where it went. */
export interface Account {
  readonly namespace: string;
  /** As ownerOf has it. */
  readonly owner: string;
  readonly market: string;
  readonly currency: string;
}

export interface Spending extends Account {
  /** What is being spent now. */
  readonly perSecond: number;
  /** What this process has seen spent. Never falls. */
  readonly total: number;
}

interface Entry {
  readonly account: Account;
  readonly tariff: Tariff;
  billing: Billing;
  /** What of its cost is in the total. */
  counted: number;
}

/** Jobs come and go, and what they cost stays: beyond so many accounts, new owners share one per namespace. */
const mostAccounts = 1_000;
const others = 'others';

/**
 * What the instances of one node cost, by namespace and owner. It counts what is spent in the life of this process: of an
 * instance that it found running, only what comes after.
 */
export class CostBook {
  readonly #clock: Clock;
  readonly #begunAt: number;
  readonly #entries = new Map<string, Entry>();
  readonly #totals = new Map<string, { readonly account: Account; total: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#begunAt = clock.now();
  }

  /** The instance was seen, with its bill. */
  note(id: string, account: Account, tariff: Tariff, billing: Billing): void {
    const known = this.#entries.get(id);
    if (known !== undefined) {
      known.billing = billing;
      return;
    }
    const found = Date.parse(billing.startedAt) < this.#begunAt;
    const counted = found ? costOf(billing, tariff, this.#clock.now()) : 0;
    const full = this.#totals.size >= mostAccounts && !this.#totals.has(keyOf(account));
    this.#entries.set(id, {
      account: full ? { ...account, owner: others } : account,
      ...{ tariff, billing, counted },
    });
  }

  /** The instance is no more. */
  gone(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#count(entry);
    this.#entries.delete(id);
  }

  spending(): Spending[] {
    const rates = new Map<string, number>();
    for (const entry of this.#entries.values()) {
      this.#count(entry);
      const key = keyOf(entry.account);
      const rate = entry.billing.endedAt === undefined ? entry.tariff.price.perSecond : 0;
      rates.set(key, (rates.get(key) ?? 0) + rate);
    }
    return [...this.#totals].map(([key, { account, total }]) => ({
      ...account,
      perSecond: rates.get(key) ?? 0,
      total,
    }));
  }

  #count(entry: Entry): void {
    const { account, billing, tariff } = entry;
    const cost = costOf(billing, tariff, this.#clock.now());
    const key = keyOf(account);
    const sum = this.#totals.get(key) ?? { account, total: 0 };
    // A bill that turns out smaller takes nothing back from a counter.
    sum.total += Math.max(0, cost - entry.counted);
    entry.counted = Math.max(entry.counted, cost);
    this.#totals.set(key, sum);
  }
}

function keyOf({ namespace, owner, market, currency }: Account): string {
  return `${namespace} ${owner} ${market} ${currency}`;
}
