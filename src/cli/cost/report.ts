import { moneyText } from '../../capacity/cost.ts';
import { type PodCost, sumCosts } from '../../capacity/pod-cost.ts';
import { alignColumns } from '../align-columns.ts';

/** For people: Pod by Pod, then what each owner comes to. `now` in milliseconds. */
export function textReport(costs: readonly PodCost[], now: number): string {
  if (costs.length === 0)
    return 'No Pod was bought at a known price: that is done by providers that sell instances.';
  const pods = costs.map((pod) => [
    pod.namespace,
    pod.name,
    pod.size,
    pod.offer,
    stateOf(pod, now),
    hourly(pod),
    moneyText(pod.cost, pod.currency),
  ]);
  const sums = sumCosts(costs).map((sum) => [
    sum.namespace,
    sum.owner === '' ? '-' : sum.owner,
    String(sum.pods),
    hourly(sum),
    moneyText(sum.cost, sum.currency),
  ]);
  return [
    ...alignColumns([['NAMESPACE', 'POD', 'SIZE', 'OFFER', 'BILLED', 'PER HOUR', 'COST'], ...pods]),
    '',
    ...alignColumns([['NAMESPACE', 'OWNER', 'PODS', 'PER HOUR', 'COST'], ...sums]),
  ].join('\n');
}

/** For programs. */
export function jsonReport(costs: readonly PodCost[], now: number): string {
  const pods = costs.map((pod) => ({ ...pod, billedSince: pod.billedSince ?? null }));
  return JSON.stringify({ time: new Date(now).toISOString(), pods, totals: sumCosts(costs) }, null, 2);
}

function hourly({ perSecond, currency }: Pick<PodCost, 'perSecond' | 'currency'>): string {
  return moneyText(perSecond * 3600, currency);
}

function stateOf({ billedSince, ended }: PodCost, now: number): string {
  if (ended) return 'ended';
  if (billedSince === undefined) return 'not yet';
  const minutes = Math.max(0, Math.floor((now - Date.parse(billedSince)) / 60_000));
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
