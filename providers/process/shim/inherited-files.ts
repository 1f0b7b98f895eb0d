import { closeSync, readdirSync, readFileSync } from 'node:fs';

const closeOnExec = 0o2000000;

/**
 * Closes what the shim inherited by accident: open files that whoever started the daemon left to it. Containers would
 * inherit them in turn and, say, keep a CI job's pipe open for days. Node.js marks all files of its own close-on-exec.
 * Linux only; elsewhere nothing is done.
 */
export function closeInheritedFiles(except: readonly number[]): void {
  if (process.platform !== 'linux') return;
  for (const name of readdirSync('/proc/self/fd')) {
    const fd = Number(name);
    if (fd <= 2 || except.includes(fd)) continue;
    try {
      const info = readFileSync(`/proc/self/fdinfo/${name}`, 'utf8');
      const flags = Number.parseInt(/^flags:\s*(\d+)/m.exec(info)?.[1] ?? '0', 8);
      if ((flags & closeOnExec) === 0) closeSync(fd);
    } catch {
      // The descriptor of the listing itself is gone by now.
    }
  }
}
