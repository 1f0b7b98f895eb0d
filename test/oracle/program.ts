import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { eventually } from '../support/eventually.ts';

const startsWithinSeconds = 120;
const tailBytes = 4_000;

/** A program of its own name in the background. */
export interface Program {
  /** What it wrote so far. */
  log(): string;
  /** Resolves once `look` does. Rejects with the end of the log when the program ends before, or takes too long. */
  until(look: () => Promise<unknown>): Promise<void>;
  /** Resolves when it is gone. */
  stop(signal: NodeJS.Signals): Promise<void>;
}

/** Starts it with its output in a file of the folder. */
export async function startProgram(
  program: string,
  args: readonly string[],
  folder: string,
): Promise<Program> {
  const name = path.basename(program);
  const file = path.join(folder, `${name}.log`);
  const output = await open(file, 'a');
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
  const child = spawn(program, args, { cwd: folder, env, stdio: ['ignore', output.fd, output.fd] });
  const exited = once(child, 'exit');
  exited.catch(() => undefined);
  await once(child, 'spawn');
  await output.close();
  process.once('exit', () => child.kill('SIGKILL'));
  const log = (): string => readFileSync(file, 'utf8');
  const over = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    log,
    async until(look) {
      try {
        await eventually(async () => {
          if (over()) return true;
          await look();
          return true;
        }, startsWithinSeconds);
      } catch (error) {
        throw new Error(`${name} does not answer: ${String(error)}\n${log().slice(-tailBytes)}`);
      }
      if (over()) throw new Error(`${name} ended with ${child.exitCode}:\n${log().slice(-tailBytes)}`);
    },
    async stop(signal) {
      if (!over()) child.kill(signal);
      await exited;
    },
  };
}
