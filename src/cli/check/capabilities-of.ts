import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Capabilities } from '../../../providers/contract/index.ts';
import type { Log } from '../../telemetry/log.ts';
import { loadProvider, type ProviderChoice } from '../wiring/load-provider.ts';

/** What a provider can do. It is loaded for that alone and closed again. Throws ConfigError. */
export async function capabilitiesOf(choice: ProviderChoice, log: Log): Promise<Capabilities> {
  const stateDir = await mkdtemp(path.join(tmpdir(), 'burstlet-check-'));
  try {
    const provider = await loadProvider(choice, stateDir, log);
    const capabilities = provider.capabilities();
    await provider.close?.();
    return capabilities;
  } finally {
    await rm(stateDir, { recursive: true, force: true, maxRetries: 5 });
  }
}
