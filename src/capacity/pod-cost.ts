import type { Pod } from '../kube/types.ts';
import { costOf, readMoney } from './cost.ts';
import { ownerOf } from './owner-of.ts';
import { notes, tariffIn } from './purchase-notes.ts';

/** What one Pod costs, by its own word. */
export interface PodCost {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  /** As ownerOf has it. */
  readonly owner: string;
  readonly offer: string;
  readonly market: string;
  readonly size: string;
  readonly currency: string;
  /** Of what goes on; 0 when it has ended or not begun. */
  readonly perSecond: number;
  /** ISO 8601; undefined = nothing is billed yet. */
  readonly billedSince: string | undefined;
  readonly ended: boolean;
  readonly cost: number;
}

/** `now` in milliseconds. Undefined for Pods that were not bought, or at a price that is not known. */
export function podCost(pod: Pod, now: number): PodCost | undefined {
  const tariff = tariffIn(pod);
  if (tariff === undefined) return undefined;
  const { metadata, spec } = pod;
  const { annotations = {}, name = '', namespace = '' } = metadata ?? {};
  const final = readMoney(annotations[notes.cost]);
  const billedSince = annotations[notes.billed];
  const runs = final === undefined && billedSince !== undefined && !Number.isNaN(Date.parse(billedSince));
  return {
    ...{ namespace, name, node: spec?.nodeName ?? '', owner: ownerOf(pod) },
    offer: annotations[notes.offer] ?? '',
    market: annotations[notes.market] ?? '',
    size: annotations[notes.size] ?? '',
    currency: tariff.price.currency,
    perSecond: runs ? tariff.price.perSecond : 0,
    billedSince,
    ended: final !== undefined,
    cost: final?.amount ?? (runs ? costOf({ startedAt: billedSince }, tariff, now) : 0),
  };
}

export interface CostSum {
  readonly namespace: string;
  readonly owner: string;
  readonly currency: string;
  readonly pods: number;
  readonly perSecond: number;
  readonly cost: number;
}

/** By namespace, owner and currency, in the order in which they come. */
export function sumCosts(costs: readonly PodCost[]): CostSum[] {
  const sums = new Map<string, CostSum>();
  for (const { namespace, owner, currency, perSecond, cost } of costs) {
    const key = `${namespace} ${owner} ${currency}`;
    const sum = sums.get(key) ?? { namespace, owner, currency, pods: 0, perSecond: 0, cost: 0 };
    sums.set(key, {
      ...sum,
      pods: sum.pods + 1,
      perSecond: sum.perSecond + perSecond,
      cost: sum.cost + cost,
    });
  }
  return [...sums.values()];
}
