import type { Resources } from '../../providers/contract/index.ts';
import type { Pod } from '../kube/types.ts';
import { podRequests } from './pod-resources.ts';

/** Amounts by resource name, in the smallest whole unit: thousandths of a core for cpu, bytes or counts otherwise. */
export type Amounts = Readonly<Record<string, number>>;

export function resourceAmounts(resources: Resources): Amounts {
  return {
    cpu: resources.cpuMillis ?? 0,
    memory: resources.memoryBytes ?? 0,
    'ephemeral-storage': resources.ephemeralStorageBytes ?? 0,
    ...resources.extended,
  };
}

/** What a Pod takes of a node, itself included. Throws QuantityError. */
export function podAmounts(pod: Pod): Amounts {
  return { pods: 1, ...resourceAmounts(podRequests(pod)) };
}
