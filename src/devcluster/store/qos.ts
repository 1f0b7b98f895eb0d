import { type Json, record, records } from './json.ts';

const suffixes: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** A quantity as a number, good for comparing; undefined when it is none. */
export function quantityValue(quantity: unknown): number | undefined {
  if (typeof quantity === 'number') return quantity;
  if (typeof quantity !== 'string') return undefined;
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([a-zA-Z]{0,2}))$/.exec(quantity);
  const factor = suffixes[match?.[3] ?? ''];
  if (match === null || factor === undefined) return undefined;
  return Number(`${match[1]}${match[2] ?? ''}`) * factor;
}

/** k8s.io/kubernetes pkg/apis/core/v1/helper/qos ComputePodQOS, over cpu and memory. */
export function qosClass(spec: Json): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const containers = [...records(spec.containers), ...records(spec.initContainers)];
  let guaranteed = true;
  let any = false;
  for (const container of containers) {
    const { requests, limits } = record(container.resources);
    for (const name of ['cpu', 'memory']) {
      const limit = quantityValue(record(limits)[name]) ?? 0;
      const request = quantityValue(record(requests)[name]) ?? 0;
      if (limit > 0 || request > 0) any = true;
      if (limit === 0 || limit !== request) guaranteed = false;
    }
  }
  if (!any) return 'BestEffort';
  return guaranteed ? 'Guaranteed' : 'Burstable';
}
