import { readdir, readFile, readlink } from 'node:fs/promises';

export interface HostProcess {
  readonly pid: number;
  /** Its environment, as it was at its start. */
  readonly environment: readonly string[];
  /** Arguments, joined by blanks. */
  readonly command: string;
}

/** Processes whose environment names the folder: all that the process provider started with its state there. Linux. */
export async function processesOf(folder: string): Promise<HostProcess[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(names.map((name) => look(Number(name))));
  return found.flatMap((one) =>
    one?.environment.some((entry) => entry.includes(folder)) === true && one.pid !== process.pid ? [one] : [],
  );
}

async function look(pid: number): Promise<HostProcess | undefined> {
  try {
    // A zombie has no executable: it runs no more, whoever has still to collect it.
    await readlink(`/proc/${pid}/exe`);
    const environment = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0');
    const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').join(' ').trim();
    return { pid, environment, command };
  } catch {
    return undefined;
  }
}
