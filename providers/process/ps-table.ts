import { spawnSync } from 'node:child_process';
import type { ProcessEntry, ProcessTable } from './process-table.ts';

const columns = 'pid=,ppid=,pgid=,stat=,rss=,time=,lstart=';

/**
 * The process table where there is no /proc (macOS), through POSIX `ps`. Start times are whole seconds and
 * environments are not read: a process that leaves its group there is not found again.
 */
export function createPsTable(): ProcessTable {
  const rows = (...selection: readonly string[]): PsRow[] =>
    spawnSync('ps', [...selection, '-o', columns], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } })
      .stdout.split('\n')
      .map(parsePsLine)
      .filter((row) => row !== undefined);
  return {
    read: (pid) => rows('-p', String(pid))[0]?.entry,
    list: () => rows('-A').map((row) => row.entry),
    environment: () => [],
    residentBytes: (pid) => rows('-p', String(pid))[0]?.residentBytes ?? 0,
  };
}

interface PsRow {
  readonly entry: ProcessEntry;
  readonly residentBytes: number;
}

/** `  123     1   123 Ss     1024   0:00.05 Sat Nov 22 06:26:00 2025`. Sessions are not shown everywhere: the group stands for it. */
export function parsePsLine(line: string): PsRow | undefined {
  const [pid, parent, group, state, kilobytes, time, ...start] = line.trim().split(/\s+/);
  if (state === undefined || time === undefined || start.length !== 5) return undefined;
  const entry = {
    id: { pid: Number(pid), start: start.join(' ') },
    parent: Number(parent),
    group: Number(group),
    session: Number(group),
    ended: state.startsWith('Z'),
    cpuNanoSeconds: Math.round(cpuSeconds(time) * 1e9),
  };
  return { entry, residentBytes: 1024 * Number(kilobytes) };
}

/** `[[dd-]hh:]mm:ss[.cc]` */
function cpuSeconds(text: string): number {
  const [clock = '', days = '0'] = text.split('-').reverse();
  return Number(days) * 86_400 + clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}
