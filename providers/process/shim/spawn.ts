import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { closeSync, rmSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { hasCode } from '../records.ts';
import { checkWorkingDir, findExecutable, StartFailure } from './executable.ts';
import type { Fifo } from './fifo.ts';
import { makeFifos, openFifo } from './fifo.ts';

export interface SpawnOptions {
  readonly argv: readonly string[];
  readonly workingDir: string;
  /** The whole environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Keep standard input open, with nothing to read on it; otherwise it is at its end. */
  readonly stdin: boolean;
  /** Where to make the FIFOs of stdout and stderr; one path = one for both. */
  readonly fifos: readonly [string] | readonly [stdout: string, stderr: string];
  /** The FIFOs stay, for another shim to read on (see openFifo). */
  readonly lasting: boolean;
}

export interface Spawned {
  readonly child: ChildProcess;
  readonly pid: number;
  /** stdout and stderr, or both in one. */
  readonly outputs: readonly Readable[];
}

/**
 * Starts a process as the leader of a session and group of its own. Rejects with StartFailure when this command can
 * never be started, with any other error when the machine cannot start one now.
 */
export async function spawnProcess(options: SpawnOptions): Promise<Spawned> {
  const { argv, workingDir, environment, stdin, fifos, lasting } = options;
  const [command, ...args] = argv;
  if (command === undefined)
    throw new StartFailure('no command specified: a host process has no image to take it from', 127);
  checkWorkingDir(workingDir);
  const executable = findExecutable(command, workingDir, environment.PATH ?? '');
  const pipes = makeFifos(fifos) ? openAll(fifos, lasting) : [];
  try {
    const out = pipes[0]?.writer ?? 'pipe';
    const child = spawn(executable, args, {
      argv0: command,
      cwd: workingDir,
      env: environment,
      detached: true,
      stdio: [stdin ? 'pipe' : 'ignore', out, pipes[1]?.writer ?? out],
    });
    const pid = child.pid ?? (await failureOf(child));
    const own = [child.stdout, child.stderr].filter((stream) => stream !== null);
    return { child, pid, outputs: pipes.length > 0 ? pipes.map((pipe) => pipe.reader) : own };
  } catch (error) {
    for (const pipe of pipes) pipe.reader.destroy();
    throw isPassing(error) ? error : asStartFailure(error, command);
  } finally {
    for (const pipe of pipes) closeSync(pipe.writer);
    if (!lasting) for (const fifo of fifos) rmSync(fifo, { force: true });
  }
}

function openAll(paths: readonly string[], lasting: boolean): Fifo[] {
  const opened: Fifo[] = [];
  try {
    for (const path of paths) opened.push(openFifo(path, lasting));
    return opened;
  } catch (error) {
    for (const fifo of opened) {
      fifo.reader.destroy();
      closeSync(fifo.writer);
    }
    throw error;
  }
}

function failureOf(child: ChildProcess): Promise<never> {
  return new Promise((_resolve, reject) => child.once('error', reject));
}

/** No more processes, files or memory: the machine's state, not the command's fault. */
function isPassing(error: unknown): boolean {
  return ['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM'].some((code) => hasCode(error, code));
}

function asStartFailure(error: unknown, command: string): StartFailure {
  if (hasCode(error, 'E2BIG')) return new StartFailure(`exec "${command}": argument list too long`, 126);
  // The file is there (it was looked at): what is missing is the interpreter that its first line names.
  if (hasCode(error, 'ENOENT')) return new StartFailure(`exec "${command}": no such file or directory`, 127);
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  return new StartFailure(`exec "${command}": ${code}`, 126);
}
