import type { ContainerRuntime, ProviderContext } from '../contract/index.ts';
import { createProcessRuntime } from './create-runtime.ts';
import { readProcessOptions } from './options.ts';

export { createProcessRuntime } from './create-runtime.ts';

/** The runtime as the configuration of a node asks for it. Throws ProviderError that names the option. */
export function createRuntime({ options, log, stateDir }: ProviderContext): ContainerRuntime {
  return createProcessRuntime({ ...readProcessOptions(options), log, stateDir });
}
