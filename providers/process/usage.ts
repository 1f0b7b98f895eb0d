import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ContainerStats } from '../contract/provider.ts';
import { privateFileMode, usageFile } from './layout.ts';
import type { ProcessEntry, ProcessId, ProcessTable } from './process-table.ts';
import type { ContainerRecord } from './records.ts';
import { sessionProcesses } from './sessions-on-disk.ts';

/** CPU time of a run: what was counted so far, and the sum over its processes at that time. */
interface Count {
  readonly counted: number;
  readonly lastSum: number;
}

type Counts = Readonly<Record<string, Count>>;

/**
 * Measures the running containers of one sandbox. The sum over the living processes falls when one ends that no other
 * has waited for; such a fall adds nothing to the count and takes nothing away. The counts are kept in the sandbox's
 * folder, so that they do not fall with a restart of the daemon either.
 */
export function measure(
  folder: string,
  containers: readonly ContainerRecord[],
  entries: readonly ProcessEntry[],
  table: ProcessTable,
  time: string,
): ContainerStats[] {
  const before = readCounts(folder);
  const guests = sessionProcesses(folder);
  const after: Record<string, Count> = {};
  const measured: ContainerStats[] = [];
  for (const { id, name, startedAt, process: leader, exit } of containers) {
    if (leader === undefined || exit !== undefined) continue;
    const own = guests.filter((guest) => guest.containerId === id).map((guest) => guest.process);
    const members = familyOf([leader, ...own], entries);
    if (members.length === 0) continue;
    const sum = members.reduce((total, entry) => total + entry.cpuNanoSeconds, 0);
    const last = before[id] ?? { counted: 0, lastSum: 0 };
    const counted = last.counted + Math.max(0, sum - last.lastSum);
    after[id] = { counted, lastSum: sum };
    const resident = members.reduce((total, entry) => total + table.residentBytes(entry.id.pid), 0);
    measured.push({
      name,
      time,
      startedAt,
      cpuNanoSeconds: counted,
      memoryWorkingSetBytes: resident,
      memoryUsageBytes: resident,
      memoryRssBytes: resident,
      processes: members.length,
    });
  }
  writeCounts(folder, after);
  return measured;
}

/** The processes of the sessions of these leaders and all descendants of those, also in sessions of their own. */
export function familyOf(leaders: readonly ProcessId[], entries: readonly ProcessEntry[]): ProcessEntry[] {
  const starts = new Map(entries.map(({ id }) => [id.pid, id.start]));
  const sessions = new Set(
    leaders.filter(({ pid, start }) => starts.get(pid) === start).map(({ pid }) => pid),
  );
  const family = new Set<number>();
  const isMember = (entry: ProcessEntry): boolean => sessions.has(entry.session) || family.has(entry.parent);
  for (let size = -1; size !== family.size; ) {
    size = family.size;
    for (const entry of entries) if (isMember(entry)) family.add(entry.id.pid);
  }
  return entries.filter((entry) => family.has(entry.id.pid));
}

function readCounts(folder: string): Counts {
  try {
    return JSON.parse(readFileSync(path.join(folder, usageFile), 'utf8')) as Counts;
  } catch {
    // None yet, or lost with the machine: counting begins anew, as the processes do.
    return {};
  }
}

function writeCounts(folder: string, counts: Counts): void {
  const file = path.join(folder, usageFile);
  try {
    writeFileSync(`${file}.tmp`, JSON.stringify(counts), { mode: privateFileMode });
    renameSync(`${file}.tmp`, file);
  } catch {
    // The sandbox is being removed, or the disk is full: at worst a fall is not seen later.
  }
}
