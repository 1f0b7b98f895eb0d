import type { Capacity } from '../../../providers/contract/index.ts';
import { ConfigError } from '../../config/settings.ts';
import { parseQuantity, toMillis, toUnits } from '../../kube/quantity.ts';

/** What the provider says, with what the configuration says in its place. Throws ConfigError for a bad quantity. */
export function withOverrides(capacity: Capacity, overrides: Readonly<Record<string, string>>): Capacity {
  let { resources, instances } = capacity;
  for (const [name, text] of Object.entries(overrides)) {
    const quantity = quantityOf(name, text);
    if (name === 'pods') instances = toUnits(quantity);
    else if (name === 'cpu') resources = { ...resources, cpuMillis: toMillis(quantity) };
    else if (name === 'memory') resources = { ...resources, memoryBytes: toUnits(quantity) };
    else if (name === 'ephemeral-storage')
      resources = { ...resources, ephemeralStorageBytes: toUnits(quantity) };
    else resources = { ...resources, extended: { ...resources.extended, [name]: toUnits(quantity) } };
  }
  return { resources, instances };
}

function quantityOf(name: string, text: string): ReturnType<typeof parseQuantity> {
  try {
    return parseQuantity(text);
  } catch (error) {
    throw new ConfigError(`capacity.${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
