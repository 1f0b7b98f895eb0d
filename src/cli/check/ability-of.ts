import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Capabilities } from '../../../providers/contract/index.ts';
import { type Sold, soldBy } from '../../pods/admission/offered.ts';
import type { Log } from '../../telemetry/log.ts';
import { loadProvider, type ProviderChoice } from '../wiring/load-provider.ts';

export interface Ability {
  readonly capabilities: Capabilities;
  /** Absent = it sells nothing. */
  readonly sold?: Sold;
}

/** What a provider can do, and what it sells. It is loaded for that alone and closed again. Throws ConfigError. */
export async function abilityOf(choice: ProviderChoice, log: Log): Promise<Ability> {
  const stateDir = await mkdtemp(path.join(tmpdir(), 'burstlet-check-'));
  try {
    const provider = await loadProvider(choice, stateDir, log);
    const capabilities = provider.capabilities();
    const sold = soldBy(provider);
    await provider.close?.();
    return { capabilities, ...(sold && { sold }) };
  } finally {
    await rm(stateDir, { recursive: true, force: true, maxRetries: 5 });
  }
}
