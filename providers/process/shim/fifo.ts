import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';

const mkfifoMs = 10_000;

/**
 * Pipes that have a name. Node.js itself gives a child socket pairs, on which `echo > /dev/stdout` fails, as many images
 * and scripts do. False when the machine has no `mkfifo`, which POSIX asks of it.
 */
export function makeFifos(paths: readonly string[]): boolean {
  for (const path of paths) rmSync(path, { force: true });
  return spawnSync('mkfifo', ['-m', '600', ...paths], { stdio: 'ignore', timeout: mkfifoMs }).status === 0;
}

/** Not waiting for a writer. It ends with the last of them. */
export function readFifo(path: string): Socket {
  return fifoSocket(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), 'read');
}

/** Throws ENXIO when nobody reads. */
export function writeFifo(path: string): Socket {
  return fifoSocket(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK), 'write');
}

/** Takes over the descriptor. */
export function fifoSocket(fd: number, use: 'read' | 'write'): Socket {
  try {
    return new Socket({ fd, readable: use === 'read', writable: use === 'write' });
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
