import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';

const mkfifoMs = 10_000;

/**
 * Pipes for the output of a container. Node.js itself gives a child socket pairs, on which `echo > /dev/stdout` fails,
 * as many images and scripts do. False when the machine has no `mkfifo`, which POSIX asks of it.
 */
export function makeFifos(paths: readonly string[]): boolean {
  for (const path of paths) rmSync(path, { force: true });
  return spawnSync('mkfifo', ['-m', '600', ...paths], { stdio: 'ignore', timeout: mkfifoMs }).status === 0;
}

export interface Fifo {
  readonly reader: Socket;
  /** For the child. */
  readonly writer: number;
}

/**
 * Opens both ends. A lasting one is open for reading on the child's side too: when the shim dies, the container is not
 * hit by SIGPIPE and blocks at worst until the next shim reads on. The reader still ends with the last writer.
 */
export function openFifo(path: string, lasting: boolean): Fifo {
  const reader = readFifo(path);
  try {
    return { reader, writer: openSync(path, lasting ? constants.O_RDWR : constants.O_WRONLY) };
  } catch (error) {
    reader.destroy();
    throw error;
  }
}

export function readFifo(path: string): Socket {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return new Socket({ fd, readable: true, writable: false });
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
