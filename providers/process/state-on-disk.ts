import type { ProviderClock } from '../contract/clock.ts';
import { latestClaim } from './claim.ts';
import type { ProcessTable } from './process-table.ts';
import { isAlive } from './process-table.ts';
import type { SandboxRecord, StateRecord } from './records.ts';
import { isMissing } from './records.ts';
import { withoutShim } from './sandbox-state.ts';
import type { SandboxStore } from './sandbox-store.ts';

export interface DiskDeps {
  readonly store: SandboxStore;
  readonly table: ProcessTable;
  readonly clock: ProviderClock;
}

/** What the files of a sandbox tell where no shim is connected. Undefined when it is removed, also in the middle of reading. */
export async function stateOnDisk(record: SandboxRecord, deps: DiskDeps): Promise<StateRecord | undefined> {
  const { store, table, clock } = deps;
  try {
    const state = await store.readState(record.id);
    if ((await store.read(record.id))?.mark !== record.mark) return undefined;
    const claim = latestClaim(store.folder(record.id));
    const isSupervised = claim !== undefined && isAlive(table, claim.process);
    return isSupervised ? state : withoutShim(state, table, new Date(clock.now()).toISOString());
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
