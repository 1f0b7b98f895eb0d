import { existsSync } from 'node:fs';
import path from 'node:path';
import type { ProviderClock } from '../../contract/clock.ts';
import { sandboxFile } from '../layout.ts';
import { isMarkedBy } from '../marker.ts';
import { killMembers } from '../members.ts';
import type { ProcessTable } from '../process-table.ts';
import type { SandboxRecord } from '../records.ts';

const lookMs = 10_000;

/** Someone who deletes the state folder leaves no way to reach the sandbox: what runs in it is killed, the shim too. */
export function watchFolder(
  folder: string,
  sandbox: SandboxRecord,
  table: ProcessTable,
  clock: ProviderClock,
  leave: () => void,
): void {
  clock.schedule(lookMs, () => {
    if (existsSync(path.join(folder, sandboxFile))) return watchFolder(folder, sandbox, table, clock, leave);
    const others = { ...table, list: () => table.list().filter((entry) => entry.id.pid !== process.pid) };
    const membership = { marked: (marker: string) => isMarkedBy(marker, sandbox.mark), leaders: [] };
    void killMembers(others, membership, 2).then(leave);
  });
}
