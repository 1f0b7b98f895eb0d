import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import path from 'node:path';

/** One of the programs of a control plane: `name` is its file in the folder of binaries. */
export interface ComponentCommand {
  readonly name: string;
  readonly args: readonly string[];
}

/** A running program. */
export interface Component {
  readonly name: string;
  readonly pid: number;
  /** Says how it ended, with the end of what it wrote. Never rejects. */
  readonly ended: Promise<string>;
  /** Resolves when it is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

const tailLines = 15;

/** Starts a program that writes to `<name>.log` in the folder. Rejects when it cannot be started. */
export async function startComponent(
  binaries: string,
  { name, args }: ComponentCommand,
  folder: string,
): Promise<Component> {
  const logFile = path.join(folder, `${name}.log`);
  const output = await open(logFile, 'a', 0o600);
  const { child, exited } = await spawned(path.join(binaries, name), args, folder, output);
  await output.close();
  const ended = exited.then(async ([code, signal]) => {
    const text = await readFile(logFile, 'utf8').catch(() => '');
    return `${name} ended with ${code ?? signal}:\n${text.trimEnd().split('\n').slice(-tailLines).join('\n')}`;
  });
  return {
    name,
    pid: child.pid ?? 0,
    ended,
    async kill(signal) {
      child.kill(signal);
      await exited;
    },
  };
}

async function spawned(
  file: string,
  args: readonly string[],
  cwd: string,
  output: FileHandle,
): Promise<{ readonly child: ChildProcess; readonly exited: Promise<unknown[]> }> {
  // Detached: a Ctrl-C in the terminal is for this process, which ends them in its own order.
  const stdio = ['ignore', output.fd, output.fd] as const;
  const child = spawn(file, args, {
    cwd,
    detached: true,
    stdio: [...stdio],
    env: { PATH: process.env.PATH },
  });
  // Listened for at once: a program may be over before anything that is awaited here.
  const exited = once(child, 'exit');
  exited.catch(() => undefined);
  await once(child, 'spawn');
  return { child, exited };
}
