import type { Capacity } from '../../../providers/contract/index.ts';
import { ConfigError, type NodeSettings } from '../../config/settings.ts';
import { parseQuantity, type Quantity, toMillis, toUnits } from '../../kube/quantity.ts';

/**
 * What a provider says, with what the configuration of its node says in its place. Throws ConfigError for a bad
 * quantity, at once and not when it is used.
 */
export function capacityOverrides({
  capacity: texts,
}: Pick<NodeSettings, 'capacity'>): (capacity: Capacity) => Capacity {
  const overrides = Object.entries(texts).map(([name, text]) => ({
    name,
    quantity: quantityOf(text, `capacity.${name}`),
  }));
  return (capacity) => {
    let { resources, instances } = capacity;
    for (const { name, quantity } of overrides) {
      if (name === 'pods') instances = toUnits(quantity);
      else if (name === 'cpu') resources = { ...resources, cpuMillis: toMillis(quantity) };
      else if (name === 'memory') resources = { ...resources, memoryBytes: toUnits(quantity) };
      else if (name === 'ephemeral-storage')
        resources = { ...resources, ephemeralStorageBytes: toUnits(quantity) };
      else resources = { ...resources, extended: { ...resources.extended, [name]: toUnits(quantity) } };
    }
    return { resources, instances };
  };
}

function quantityOf(text: string, where: string): Quantity {
  try {
    const quantity = parseQuantity(text);
    if (quantity.nanos >= 0n) return quantity;
  } catch (error) {
    throw new ConfigError(`${where}: ${error instanceof Error ? error.message : String(error)}`);
  }
  throw new ConfigError(
    `${where}: ${text} is less than nothing; write how much there is, or leave the key out`,
  );
}
