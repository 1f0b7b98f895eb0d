import type { MockProgram } from '../../../../providers/mock/script.ts';
import { programOf, readScript } from '../../../../providers/mock/script.ts';
import { invalidParameter } from '../request/api-error.ts';
import { guessProgram } from '../shell/guess-program.ts';

/** The whole behaviour of a container as JSON: the fields of a mock program, and `printEnv` (names, printed after `logs`). */
const scriptVariable = 'BURSTLET_FAKE_SCRIPT';
/** Shorthand: it ends with this code, `BURSTLET_FAKE_EXIT_AFTER_MS` after its start. */
const exitVariable = 'BURSTLET_FAKE_EXIT';
const exitAfterVariable = 'BURSTLET_FAKE_EXIT_AFTER_MS';

/** What a container does, from its environment, else guessed from its command. Nothing is executed. */
export function programFor(
  env: ReadonlyMap<string, string>,
  command: readonly string[],
  where: string,
): MockProgram {
  const text = env.get(scriptVariable);
  const scripted = text === undefined ? guessProgram(command) : readProgram(text, env, where);
  const code = env.get(exitVariable);
  if (code === undefined) return scripted;
  return { ...scripted, exits: [{ code: Number(code), afterMs: Number(env.get(exitAfterVariable) ?? 0) }] };
}

function readProgram(text: string, env: ReadonlyMap<string, string>, where: string): MockProgram {
  try {
    const { printEnv = [], ...fields }: { printEnv?: string[] } = JSON.parse(text);
    const program = programOf(readScript({ containers: { '*': fields } }, scriptVariable), '*');
    return { ...program, logs: [...program.logs, ...printEnv.map((name) => env.get(name) ?? '')] };
  } catch (error) {
    throw invalidParameter(where, error instanceof Error ? error.message : String(error));
  }
}
