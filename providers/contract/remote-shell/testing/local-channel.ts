import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { spawnInTerminal } from '../../../process/shim/terminal.ts';
import type { TerminalSize } from '../../streams.ts';
import type { RemoteChannel } from '../channel.ts';
import { shellCommand } from '../shell-command.ts';

export interface LocalShell {
  /** What stands for /bin/sh: `['busybox', 'sh']`. */
  readonly shell?: readonly string[];
  readonly terminal?: boolean;
  /** Where it finds programs on its terminal; default: as this process. */
  readonly path?: string;
  /** The command instead of the shell. */
  readonly command?: readonly string[];
}

interface Place {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  resize(size: TerminalSize): void;
}

/** A shell of this machine as a platform would run it: a leader of its own process group. */
export class LocalChannel implements RemoteChannel {
  readonly output: AsyncIterable<Buffer>;
  readonly pid: number;
  readonly #place: Place;
  isClosed = false;

  private constructor(place: Place) {
    this.#place = place;
    this.pid = place.pid;
    this.output = quietly(place.stdout);
    place.stdin.on('error', () => undefined);
  }

  static async open({
    shell = ['/bin/sh'],
    terminal = false,
    path = process.env.PATH ?? '',
    command,
  }: LocalShell = {}) {
    const argv = command ?? [...shell, ...shellCommand.slice(1)];
    return new LocalChannel(terminal ? await onTerminal(argv, path) : await onPipes(argv));
  }

  async write(bytes: Buffer): Promise<void> {
    const { stdin } = this.#place;
    if (stdin.destroyed || stdin.write(bytes)) return;
    await Promise.race([once(stdin, 'drain'), once(stdin, 'close')]);
  }

  resize(size: TerminalSize): void {
    this.#place.resize(size);
  }

  close(): void {
    this.isClosed = true;
    this.#place.stdin.end();
    this.#place.stdout.destroy();
  }
}

async function onPipes([file = '', ...args]: readonly string[]): Promise<Place> {
  const child = spawn(file, args, { detached: true });
  await once(child, 'spawn');
  const stdout = new PassThrough();
  child.stderr.on('data', (bytes: Buffer) => stdout.write(bytes));
  child.stdout.pipe(stdout);
  stdout.once('close', () => child.stdout.destroy());
  return { pid: child.pid ?? 0, stdin: child.stdin, stdout, resize: () => undefined };
}

async function onTerminal(argv: readonly string[], path: string): Promise<Place> {
  const environment = { PATH: path };
  const { terminal, pid } = await spawnInTerminal({ argv, workingDir: '/', environment });
  const { stream } = terminal;
  return { pid, stdin: stream, stdout: stream, resize: (size) => void terminal.resize(size) };
}

/** A closed channel ends in order, and a terminal with EIO, when nobody has its other side open any more. */
async function* quietly(source: Readable): AsyncGenerator<Buffer> {
  try {
    yield* source;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ERR_STREAM_PREMATURE_CLOSE' && code !== 'EIO') throw error;
  }
}
