import type { InstanceProvider } from '../../../providers/contract/index.ts';

/** What no provider may leave out (providers/contract/provider.ts). */
const methods = ['capabilities', 'capacity', 'create', 'stop', 'delete', 'list', 'observe'] as const;

/** What a module's provider lacks of the contract, by name. It may be JavaScript: no compiler has looked at it. */
export function missingParts(provider: Partial<InstanceProvider> | null | undefined): string[] {
  const { name } = provider ?? {};
  const unnamed = typeof name === 'string' && name !== '' ? [] : ['name'];
  return [...unnamed, ...methods.filter((method) => typeof provider?.[method] !== 'function')];
}
