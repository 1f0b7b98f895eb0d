import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ; it is 100 on every Linux that Node.js runs on. */
const ticksPerSecond = 100;

/** CPU seconds that this process and all below it have taken so far; undefined where there is no /proc. */
export function treeCpuSeconds(): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const processes = new Map(readdirSync('/proc').flatMap((name) => readStat(name)));
  const isBelow = (pid: number): boolean => {
    const parent = processes.get(pid)?.parent ?? 0;
    return pid === process.pid || (parent > 0 && isBelow(parent));
  };
  return [...processes].filter(([pid]) => isBelow(pid)).reduce((sum, [, { seconds }]) => sum + seconds, 0);
}

interface Stat {
  readonly parent: number;
  readonly seconds: number;
}

function readStat(name: string): [pid: number, stat: Stat][] {
  if (!/^\d+$/.test(name)) return [];
  try {
    const text = readFileSync(`/proc/${name}/stat`, 'utf8');
    // The name of the program is in brackets and may hold anything; proc(5) counts from the state behind it.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const seconds = (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
    return [[Number(name), { parent: Number(fields[1]), seconds }]];
  } catch {
    // It has ended meanwhile.
    return [];
  }
}
