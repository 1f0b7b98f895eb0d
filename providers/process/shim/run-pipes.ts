import { closeSync, constants, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { fifoSocket, makeFifos, readFifo, writeFifo } from './fifo.ts';

export interface RunPipePaths {
  readonly stdin: string;
  readonly stdout: string;
  readonly stderr: string;
}

/** The FIFOs of a run, with the descriptors for its first process. */
export interface RunPipes {
  readonly stdio: readonly [stdin: number | 'ignore', stdout: number, stderr: number];
  readonly outputs: readonly Readable[];
  readonly input: Writable | undefined;
  /** Closes what only the process needs. */
  release(): void;
  /** The process was not started. */
  destroy(): void;
}

/**
 * They outlive the shim. The process has its own output open for reading too: when the shim dies it is not hit by SIGPIPE
 * and blocks at worst until the next shim reads on, which still sees the end with the last writer. An input that stays open
 * is held open by the process in the same way; one that may end ends with the shim as it would with a session.
 * Undefined where there are no FIFOs to be had.
 */
export function openRunPipes(paths: RunPipePaths, stdin: 'open' | 'once' | undefined): RunPipes | undefined {
  const { O_RDWR, O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;
  const names = [paths.stdout, paths.stderr, ...(stdin === undefined ? [] : [paths.stdin])];
  if (!makeFifos(names)) return undefined;
  const toClose: number[] = [];
  const sockets: Socket[] = [];
  const open = (path: string, flags: number): number => {
    const fd = openSync(path, flags);
    toClose.push(fd);
    return fd;
  };
  const release = (): void => {
    for (const fd of toClose.splice(0)) closeSync(fd);
  };
  const destroy = (): void => {
    release();
    for (const socket of sockets) socket.destroy();
  };
  try {
    const outputs = [paths.stdout, paths.stderr].map((path) => {
      const reader = readFifo(path);
      sockets.push(reader);
      return { reader, writer: open(path, O_RDWR) };
    });
    let inner: number | 'ignore' = 'ignore';
    let input: Socket | undefined;
    if (stdin !== undefined) {
      const both = open(paths.stdin, O_RDWR);
      inner = stdin === 'open' ? both : open(paths.stdin, O_RDONLY);
      input = fifoSocket(openSync(paths.stdin, O_WRONLY | O_NONBLOCK), 'write');
      sockets.push(input);
    }
    const [out, err] = outputs;
    if (out === undefined || err === undefined) throw new Error('a run has two outputs');
    return {
      stdio: [inner, out.writer, err.writer],
      outputs: [out.reader, err.reader],
      input,
      release,
      destroy,
    };
  } catch (error) {
    destroy();
    throw error;
  }
}

/** The input of a run that another shim has started; undefined when it is no more. */
export function reopenInput(path: string): Writable | undefined {
  try {
    return writeFifo(path);
  } catch {
    return undefined;
  }
}
