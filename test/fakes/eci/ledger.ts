import type { ContainerGroup } from './group/group.ts';
import { apiSeconds, apiTime } from './group/times.ts';
import { currency, round } from './market/prices.ts';

/** What one group costs. Only what was placed is billed. */
export interface BillLine {
  readonly id: string;
  readonly name: string;
  readonly currency: string;
  readonly cpu: number;
  readonly memory: number;
  readonly market: 'spot' | 'on-demand';
  readonly perSecond: number;
  /** As the API tells it. */
  readonly startedAt: string;
  /** Absent = still billed. */
  readonly endedAt?: string;
  /** From the start of Pending to the end, or to now. */
  readonly seconds: number;
  readonly amount: number;
}

export function billLine(group: ContainerGroup, now: number): BillLine | undefined {
  const { billedFrom, endedAt, goods, price, spec } = group;
  if (billedFrom === undefined) return undefined;
  const seconds = apiSeconds(billedFrom, endedAt ?? now);
  return {
    id: group.id,
    name: spec.name,
    currency,
    cpu: goods.cpu,
    memory: goods.memory,
    market: spec.spot.strategy === 'NoSpot' ? 'on-demand' : 'spot',
    perSecond: price,
    startedAt: apiTime(billedFrom),
    ...(endedAt === undefined ? {} : { endedAt: apiTime(endedAt) }),
    seconds,
    amount: round(price * seconds),
  };
}
