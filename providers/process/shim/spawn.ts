import type { ChildProcess, StdioOptions } from 'node:child_process';
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { hasCode } from '../records.ts';
import { checkWorkingDir, findExecutable, StartFailure } from './executable.ts';

export interface Command {
  readonly argv: readonly string[];
  readonly workingDir: string;
  /** The whole environment. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface Spawned {
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  /** Where `stdio` asks for pipes, which Node.js makes of socket pairs. */
  readonly pipes?: Pick<ChildProcess, 'stdin' | 'stdout' | 'stderr'>;
}

export interface ProcessExit {
  /** 128 + n after signal n, as a shell has it. */
  readonly code: number;
  readonly signal?: number;
}

export function exitOf(child: ChildProcess): Promise<ProcessExit> {
  return new Promise((resolve) => {
    child.once('exit', (code, name) => {
      if (name === null) return resolve({ code: code ?? 0 });
      const signal = constants.signals[name];
      resolve({ code: 128 + signal, signal });
    });
  });
}

/** Finds what is to be executed. Throws StartFailure when this command can never be started. */
export function checkCommand({ argv, workingDir, environment }: Command): {
  readonly executable: string;
  readonly argv: readonly [string, ...string[]];
} {
  const [name, ...args] = argv;
  if (name === undefined)
    throw new StartFailure('no command specified: a host process has no image to take it from', 127);
  checkWorkingDir(workingDir);
  return { executable: findExecutable(name, workingDir, environment.PATH ?? ''), argv: [name, ...args] };
}

/**
 * Starts a process as the leader of a session and group of its own. Rejects with StartFailure when this command can
 * never be started, with any other error when the machine cannot start one now.
 */
export async function spawnProcess(command: Command, stdio: StdioOptions): Promise<Spawned> {
  const { executable, argv } = checkCommand(command);
  const [name, ...args] = argv;
  try {
    const child = spawn(executable, args, {
      argv0: name,
      cwd: command.workingDir,
      env: command.environment,
      detached: true,
      stdio,
    });
    const exited = exitOf(child);
    return { pid: child.pid ?? (await failureOf(child)), exited, pipes: child };
  } catch (error) {
    throw isPassing(error) ? error : asStartFailure(errnoOf(error), name);
  }
}

function failureOf(child: ChildProcess): Promise<never> {
  return new Promise((_resolve, reject) => child.once('error', reject));
}

/** No more processes, files or memory: the machine's state, not the command's fault. */
function isPassing(error: unknown): boolean {
  return ['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM'].some((code) => hasCode(error, code));
}

function errnoOf(error: unknown): number {
  return error instanceof Error && 'errno' in error ? Math.abs(Number(error.errno)) : 0;
}

/** In the words of a container runtime. */
export function asStartFailure(errno: number, name: string): StartFailure {
  const { E2BIG, ENOENT } = constants.errno;
  if (errno === E2BIG) return new StartFailure(`exec "${name}": argument list too long`, 126);
  // The file is there (it was looked at): what is missing is the interpreter that its first line names.
  if (errno === ENOENT) return new StartFailure(`exec "${name}": no such file or directory`, 127);
  const [code = 'unknown error'] =
    Object.entries(constants.errno).find(([, number]) => number === errno) ?? [];
  return new StartFailure(`exec "${name}": ${code}`, 126);
}
