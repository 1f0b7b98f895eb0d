import type { Resources } from '../../providers/contract/index.ts';
import { parseQuantity, type Quantity, toMillis, toUnits } from '../kube/quantity.ts';

/** Resource name to quantity, as the API has it. */
export type ResourceList = Readonly<Record<string, string>>;
export type Quantities = ReadonlyMap<string, Quantity>;

/** Throws QuantityError. */
export function parseResources(list: ResourceList | undefined): Map<string, Quantity> {
  return new Map(Object.entries(list ?? {}).map(([name, text]) => [name, parseQuantity(text)]));
}

/** In the units of the contract. */
export function toResources(quantities: Quantities): Resources {
  const cpu = quantities.get('cpu');
  const memory = quantities.get('memory');
  const storage = quantities.get('ephemeral-storage');
  const extended = [...quantities].filter(([name]) => !['cpu', 'memory', 'ephemeral-storage'].includes(name));
  return {
    ...(cpu === undefined ? {} : { cpuMillis: toMillis(cpu) }),
    ...(memory === undefined ? {} : { memoryBytes: toUnits(memory) }),
    ...(storage === undefined ? {} : { ephemeralStorageBytes: toUnits(storage) }),
    ...(extended.length === 0
      ? {}
      : { extended: Object.fromEntries(extended.map(([name, quantity]) => [name, toUnits(quantity)])) }),
  };
}
