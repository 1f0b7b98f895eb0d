import type { OwnerScope } from '../../../providers/contract/index.ts';
import type { Log } from '../../telemetry/log.ts';
import { loadProvider, type ProviderChoice } from './load-provider.ts';

const reapTimeoutMs = 30_000;

/** Removes every instance of a scope: the end of a cluster that lives no longer than its process. Returns how many. */
export async function reapInstances(
  choice: ProviderChoice,
  stateDir: string,
  scope: OwnerScope,
  log: Log,
  interrupt?: AbortSignal,
): Promise<number> {
  const provider = await loadProvider(choice, stateDir, log);
  const timeout = AbortSignal.timeout(reapTimeoutMs);
  const signal = interrupt === undefined ? timeout : AbortSignal.any([timeout, interrupt]);
  try {
    const instances = await provider.list(scope, signal);
    await Promise.all(instances.map(({ ref }) => provider.delete(ref, signal)));
    return instances.length;
  } finally {
    await provider.close?.();
  }
}
