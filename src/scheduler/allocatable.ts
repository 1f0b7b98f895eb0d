import { parseQuantity, toMillis, toUnits } from '../kube/quantity.ts';
import type { Node } from '../kube/types.ts';
import type { Amounts } from '../podspec/amounts.ts';

export function allocatableAmounts(node: Node): Amounts {
  const amounts: Record<string, number> = {};
  for (const [name, text] of Object.entries(node.status?.allocatable ?? {})) {
    const quantity = parseQuantity(text);
    amounts[name] = name === 'cpu' ? toMillis(quantity) : toUnits(quantity);
  }
  return amounts;
}
