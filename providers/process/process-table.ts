import { readdirSync, readFileSync } from 'node:fs';
import { createPsTable } from './ps-table.ts';

/** A process beyond doubt: a pid comes back, the pair of pid and start time does not. */
export interface ProcessId {
  readonly pid: number;
  /** Opaque; names the boot of the machine too where the platform tells it. */
  readonly start: string;
}

export interface ProcessEntry {
  readonly id: ProcessId;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Ended, and only waits for its parent to take note. */
  readonly ended: boolean;
  /** Its own CPU time and that of the children it has waited for. */
  readonly cpuNanoSeconds: number;
}

/** The processes of this machine. Calls are synchronous: what is read is acted on in the same moment. */
export interface ProcessTable {
  read(pid: number): ProcessEntry | undefined;
  list(): ProcessEntry[];
  /** `NAME=value` entries that the process was started with; empty when they cannot be read. */
  environment(pid: number): readonly string[];
  /** Resident bytes; 0 when the process is gone. */
  residentBytes(pid: number): number;
}

export function createProcessTable(platform: NodeJS.Platform = process.platform): ProcessTable {
  return platform === 'linux' ? createProcTable('/proc') : createPsTable();
}

export function isAlive(table: ProcessTable, id: ProcessId): boolean {
  const entry = table.read(id.pid);
  return entry !== undefined && !entry.ended && entry.id.start === id.start;
}

/** USER_HZ: the unit of times in /proc/<pid>/stat, 100 on every architecture that Node.js supports. */
const nanosPerTick = 1e9 / 100;

function createProcTable(root: string): ProcessTable {
  const boot = readOrEmpty(`${root}/sys/kernel/random/boot_id`).trim();
  const read = (pid: number): ProcessEntry | undefined => parseStat(readOrEmpty(`${root}/${pid}/stat`), boot);
  return {
    read,
    list: () =>
      readdirSync(root)
        .filter((name) => /^\d+$/.test(name))
        .map((name) => read(Number(name)))
        .filter((entry) => entry !== undefined),
    environment: (pid) => readOrEmpty(`${root}/${pid}/environ`).split('\0').filter(Boolean),
    residentBytes: (pid) =>
      1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(readOrEmpty(`${root}/${pid}/status`))?.[1] ?? 0),
  };
}

/** One line of /proc/<pid>/stat (proc_pid_stat(5)). The name in parentheses may itself hold spaces and parentheses. */
export function parseStat(line: string, boot: string): ProcessEntry | undefined {
  const pid = Number.parseInt(line, 10);
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const [state, parent, group, session] = fields;
  const start = fields[19];
  if (Number.isNaN(pid) || start === undefined) return undefined;
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return {
    id: { pid, start: `${boot}/${start}` },
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    ended: state === 'Z' || state === 'X',
    cpuNanoSeconds: ticks * nanosPerTick,
  };
}

/** Processes come and go between the listing and the reading; one that is not readable is none of ours. */
function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
