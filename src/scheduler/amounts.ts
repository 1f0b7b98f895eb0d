import type { Resources } from '../../providers/contract/index.ts';
import { parseQuantity, toMillis, toUnits } from '../kube/quantity.ts';
import type { Node } from '../kube/types.ts';
import type { Amounts } from './fit.ts';

/** What a Pod takes of a node, itself included. */
export function requestAmounts(requests: Resources): Amounts {
  return {
    pods: 1,
    cpu: requests.cpuMillis ?? 0,
    memory: requests.memoryBytes ?? 0,
    'ephemeral-storage': requests.ephemeralStorageBytes ?? 0,
    ...requests.extended,
  };
}

export function allocatableAmounts(node: Node): Amounts {
  const amounts: Record<string, number> = {};
  for (const [name, text] of Object.entries(node.status?.allocatable ?? {})) {
    const quantity = parseQuantity(text);
    amounts[name] = name === 'cpu' ? toMillis(quantity) : toUnits(quantity);
  }
  return amounts;
}
