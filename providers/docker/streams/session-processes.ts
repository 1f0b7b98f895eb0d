import { readdir, readFile } from 'node:fs/promises';

/**
 * The processes that are in a container, as the kernel of this machine knows them; with a leader only those of its
 * session. A command that the engine runs leads a session of its own (runc calls setsid), in which everything stays that
 * does not leave it on purpose.
 */
export async function processesOf(containerId: string, leader?: number): Promise<number[]> {
  const names = await readdir('/proc').catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => ((await isAlive(pid, containerId, leader)) ? [pid] : [])),
  );
  return found.flat();
}

/**
 * True when there is such a process on this machine and in this container. An engine may count its processes on another
 * machine: the number alone says nothing.
 */
export async function isAlive(pid: number, containerId: string, leader?: number): Promise<boolean> {
  if (pid <= 1) return false;
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may contain anything.
    const [state = '', , , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if ('ZX'.includes(state) || (leader !== undefined && Number(session) !== leader)) return false;
    return (await readFile(`/proc/${pid}/cgroup`, 'latin1')).includes(containerId);
  } catch {
    // It has ended, or this is no Linux.
    return false;
  }
}
