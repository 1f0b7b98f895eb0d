import { spawn } from 'node:child_process';

/** Sees to it that nothing outlives this process, however it ends. */
export interface Guard {
  /** The processes that are to die with this one, in place of those named before. */
  watch(pids: readonly number[]): void;
  /** There is nothing to see to any more. */
  close(): void;
}

/** Its input ends with the process that holds the other end, even by SIGKILL. */
const script = `
while read -r line; do pids=$line; done
[ -z "$pids" ] || kill -KILL $pids
rm -rf "$1"
`;

/** Starts the guard: when this process is gone, it kills what was watched and removes the folder. */
export function startGuard(folder: string): Guard {
  // Detached: a Ctrl-C in the terminal must not end it before those it watches.
  const { stdin } = spawn('/bin/sh', ['-c', script, 'guard', folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
  }).on('error', () => undefined);
  stdin.on('error', () => undefined);
  return {
    watch: (pids) => void stdin.write(`${pids.join(' ')}\n`),
    close: () => void stdin.end('\n'),
  };
}
