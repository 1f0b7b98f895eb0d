import { CommanderError } from 'commander';
import { createProgram } from './program.ts';
import { reportError } from './report-error.ts';

/** Exit code of a wrong command line; 1 is for what a command found. */
const usageError = 2;

/** Runs the command line of this process and sets its exit code. Never rejects. */
export async function runProgram(): Promise<void> {
  // Whoever read the output is gone (a closed pipe or terminal): no reason to die half-way.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  try {
    await createProgram().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : usageError;
    else process.exitCode = reportError(error);
  }
}
