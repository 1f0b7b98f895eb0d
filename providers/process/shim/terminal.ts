import { spawn } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { ReadStream } from 'node:tty';
import type { ProviderClock } from '../../contract/clock.ts';
import { ProviderError } from '../../contract/errors.ts';
import type { TerminalSize } from '../../contract/streams.ts';
import { Outflow } from '../outflow.ts';
import { hasCode } from '../records.ts';
import type { TerminalHelper } from '../terminal-helper.ts';
import { findTerminalHelper } from '../terminal-helper.ts';
import type { Command, Spawned } from './spawn.ts';
import { asStartFailure, checkCommand, exitOf } from './spawn.ts';

/** What a terminal sends as the end of input, when a line begins (VEOF, ^D). */
export const endOfInput = '\x04';

const defaultTerminalType = 'xterm';

/** How long a full terminal is left alone. */
const fullMs = 10;

/**
 * Node.js writes to the master of a terminal in one blocking call: a command that does not read would stop the whole
 * process. This one writes what fits and tries again.
 */
class PatientStream extends ReadStream {
  readonly #fd: number;

  constructor(fd: number) {
    super(fd);
    this.#fd = fd;
    // Chunks one by one.
    Object.assign(this, { _writev: null });
  }

  override _write(
    chunk: Buffer | string,
    encoding: BufferEncoding,
    done: (error?: Error | null) => void,
  ): void {
    this.#push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk, encoding), done);
  }

  #push(bytes: Buffer, done: (error?: Error | null) => void): void {
    let left = bytes;
    try {
      while (left.length > 0 && !this.destroyed) left = left.subarray(writeSync(this.#fd, left));
    } catch (error) {
      if (hasCode(error, 'EAGAIN')) setTimeout(() => this.#push(left, done), fullMs);
      else done(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    done();
  }
}

/**
 * A pseudo terminal, held from the side of the one who looks at it. Its own process is the leader of the session on it, so
 * that the loss of the shim hangs the terminal up, as the closing of a window does.
 */
export class Terminal {
  /** What appears on it; also takes what is typed. */
  readonly stream: ReadStream;
  readonly #fd: number;
  readonly #helper: TerminalHelper;
  #wanted: TerminalSize | undefined;
  #resizing: Promise<void> | undefined;

  constructor(fd: number, helper: TerminalHelper) {
    this.#fd = fd;
    this.#helper = helper;
    this.stream = new PatientStream(fd);
    // EIO: nobody has it open on the other side any more. 'close' follows.
    this.stream.on('error', () => {});
  }

  /** Resolves when it has this size or a later one: of sizes that come fast, the last one counts. */
  resize(size: TerminalSize): Promise<void> {
    this.#wanted = size;
    this.#resizing ??= this.#resize().finally(() => {
      this.#resizing = undefined;
    });
    return this.#resizing;
  }

  async #resize(): Promise<void> {
    while (this.#wanted !== undefined && !this.stream.destroyed) {
      const size = this.#wanted;
      this.#wanted = undefined;
      const { file, args } = this.#helper;
      const child = spawn(file, [...args, ...sizeArguments(size)], {
        env: {},
        stdio: ['ignore', 'ignore', 'inherit', this.#fd],
      });
      child.once('error', (error) => console.error(`a terminal keeps its size: ${error.message}`));
      await new Promise<void>((resolve) => child.once('close', () => resolve()));
    }
  }
}

/** Starts a command as the leader of a session on a terminal of its own. Rejects as spawnProcess does, and with Unsupported. */
export async function spawnInTerminal(
  command: Command,
  size: TerminalSize = { width: 0, height: 0 },
  helper: TerminalHelper | undefined = findTerminalHelper(),
): Promise<Spawned & { readonly terminal: Terminal }> {
  if (helper === undefined)
    throw new ProviderError(
      'Unsupported',
      'a terminal takes Linux with perl or python3; run the command without one',
    );
  const { executable, argv } = checkCommand(command);
  const master = openSync('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  let terminal: Terminal | undefined;
  try {
    const child = spawn(helper.file, [...helper.args, ...sizeArguments(size), executable, ...argv], {
      cwd: command.workingDir,
      env: { TERM: defaultTerminalType, ...command.environment },
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', master],
    });
    const exited = exitOf(child);
    const failed = new Promise<never>((_resolve, reject) => child.once('error', reject));
    // Reading begins at once: a program must not wait for the end of its own start.
    terminal = new Terminal(master, helper);
    const problem = await Promise.race([text(child.stdio[2] as Readable), failed]);
    if (problem !== '') throw startProblem(problem, argv[0] ?? executable);
    if (child.pid === undefined) throw new Error('a started process has no number');
    return { pid: child.pid, exited, terminal };
  } catch (error) {
    if (terminal === undefined) closeSync(master);
    else terminal.stream.destroy();
    throw error;
  }
}

/**
 * Connects a terminal with two FIFOs, whose descriptors it takes over. The end of the input is typed. The returned function
 * is for the end of the process: it resolves when the output is in the FIFO, and closes all.
 */
export function joinTerminal(
  terminal: Terminal,
  fifos: { readonly input: number | undefined; readonly output: number | undefined },
  clock: ProviderClock,
): () => Promise<void> {
  const { stream } = terminal;
  const input =
    fifos.input === undefined ? undefined : new Socket({ fd: fifos.input, readable: true, writable: false });
  const output =
    fifos.output === undefined
      ? undefined
      : new Socket({ fd: fifos.output, readable: false, writable: true });
  input?.on('data', (chunk: Buffer) => void (stream.write(chunk) || input.pause()));
  input?.on('end', () => stream.write(endOfInput)).on('error', () => {});
  stream.on('drain', () => input?.resume());
  output?.on('error', () => {});
  const outflow = output && new Outflow(stream, output, clock);
  if (outflow === undefined) stream.resume();
  return async () => {
    outflow?.finish();
    await outflow?.ended.catch(() => {});
    stream.destroy();
    input?.destroy();
    if (output !== undefined && !output.destroyed)
      await new Promise<void>((resolve) => output.once('close', resolve).end(() => output.destroy()));
  };
}

function sizeArguments({ width, height }: TerminalSize): string[] {
  return [height, width].map(String);
}

function startProblem(told: string, name: string): Error {
  const [, errno] = /^exec (\d+) /.exec(told) ?? [];
  if (errno === undefined) return new ProviderError('Retryable', `no terminal could be made: ${told.trim()}`);
  return asStartFailure(Number(errno), name);
}
