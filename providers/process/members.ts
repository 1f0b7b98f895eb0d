import { setTimeout } from 'node:timers/promises';
import { markerIn } from './marker.ts';
import type { ProcessEntry, ProcessId, ProcessTable } from './process-table.ts';

/** How to tell the processes that belong to a run, or to a whole sandbox. */
export interface Membership {
  /** Tells whether a marker is one of ours. Absent = markers say nothing. */
  readonly marked?: (marker: string) => boolean;
  /** First processes of runs: what is in the session of one that still exists belongs to it. */
  readonly leaders: readonly ProcessId[];
  /** First processes that were reaped this very moment: nobody else can have got their numbers yet. */
  readonly justEnded?: readonly ProcessId[];
}

/** Every living process that belongs. One whose pid was merely reused never does: its start or its marker differs. */
export function findMembers(table: ProcessTable, membership: Membership): ProcessEntry[] {
  const entries = table.list();
  const byPid = new Map(entries.map((entry) => [entry.id.pid, entry]));
  const sessions = new Set(
    membership.leaders
      .filter((leader) => byPid.get(leader.pid)?.id.start === leader.start)
      .map((leader) => leader.pid),
  );
  for (const { pid } of membership.justEnded ?? []) if (!byPid.has(pid)) sessions.add(pid);
  return entries.filter((entry) => {
    if (entry.ended) return false;
    if (sessions.has(entry.session)) return true;
    if (membership.marked === undefined) return false;
    const marker = markerIn(table.environment(entry.id.pid));
    return marker !== undefined && membership.marked(marker);
  });
}

/** Time enough for anything that is not stuck in the kernel. */
const maxLooks = 500;
const pauseMs = 10;

/**
 * SIGKILL to every member until none is left: until that many looks in a row find nothing. Two also catch what was
 * forked while the table was read. Resolves with what still lives after some seconds: normally none.
 */
export async function killMembers(
  table: ProcessTable,
  membership: Membership,
  quietLooks: 1 | 2,
): Promise<readonly ProcessEntry[]> {
  let members: readonly ProcessEntry[] = [];
  for (let look = 0, quiet = 0; look < maxLooks; look += 1) {
    members = findMembers(table, membership);
    for (const { id } of members) sendSignal(id.pid, 'SIGKILL');
    quiet = members.length === 0 ? quiet + 1 : 0;
    if (quiet >= quietLooks) break;
    await setTimeout(pauseMs);
  }
  return members;
}

/** Negative = the whole process group. A process that has just ended is no error; neither is one that is not ours. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // ESRCH and EPERM: there is nothing (more) to signal.
  }
}
