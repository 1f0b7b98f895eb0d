import type { Capabilities } from '../../providers/contract/index.ts';
import { dockerCapabilities } from '../../providers/docker/capabilities.ts';
import { eciCapabilities } from '../../providers/eci/capabilities.ts';
import { fargateCapabilities } from '../../providers/fargate/capabilities.ts';
import { mockCapabilities } from '../../providers/mock/capabilities.ts';
import { processCapabilities } from '../../providers/process/capabilities.ts';

/** The providers of this repository, in the order of the tables. */
export const providers: readonly { readonly name: string; readonly capabilities: Capabilities }[] = [
  { name: 'docker', capabilities: dockerCapabilities(false) },
  { name: 'eci', capabilities: eciCapabilities },
  {
    name: 'fargate',
    capabilities: fargateCapabilities({
      helperImage: 'busybox',
      architecture: 'X86_64',
      secretStore: 'none',
    }),
  },
  { name: 'mock', capabilities: mockCapabilities },
  { name: 'process', capabilities: processCapabilities },
];

export function capabilitiesOf(name: string): Capabilities {
  const found = providers.find((provider) => provider.name === name);
  if (found === undefined) throw new Error(`no provider ${name} in the tables`);
  return found.capabilities;
}
