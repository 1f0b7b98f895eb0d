import { ProviderError } from '../contract/errors.ts';
import { latestClaim } from './claim.ts';
import { isMarkedBy } from './marker.ts';
import { killMembers, sendSignal } from './members.ts';
import type { ProcessTable } from './process-table.ts';
import { isAlive } from './process-table.ts';
import type { SandboxRecord } from './records.ts';
import type { SandboxStore } from './sandbox-store.ts';

export interface RemovalDeps {
  readonly store: SandboxStore;
  readonly table: ProcessTable;
}

/**
 * Kills whatever runs in a sandbox and removes its folder. Needs nothing of the shim, which is killed first. After a
 * crash in the middle the folder is still there and marked, and the next call goes on.
 */
export async function removeSandboxFolder(record: SandboxRecord, deps: RemovalDeps): Promise<void> {
  const { store, table } = deps;
  const { id, mark } = record;
  store.beginRemoval(id);
  const claim = latestClaim(store.folder(id));
  if (claim !== undefined && isAlive(table, claim.process)) sendSignal(claim.process.pid, 'SIGKILL');
  const { containers } = await store.readState(id);
  const leaders = containers.flatMap((container) => container.process ?? []);
  const membership = { marked: (marker: string) => isMarkedBy(marker, mark), leaders };
  const left = await killMembers(table, membership, 2);
  if (left.length > 0)
    throw new ProviderError(
      'Retryable',
      `processes ${left.map((entry) => entry.id.pid).join(', ')} of sandbox ${id} do not end after SIGKILL`,
    );
  await store.discard(id);
}
