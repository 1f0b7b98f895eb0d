import type { MockProgram } from '../../../../providers/mock/script.ts';
import { programOf as partOf, readScript } from '../../../../providers/mock/script.ts';
import { guessProgram } from '../../eci/shell/guess-program.ts';
import { invalidParameter } from '../door/service-error.ts';

/**
 * The variable of a container that says as JSON what it does: the fields of a mock program, `printEnv` (names of
 * variables whose values are written after `logs`) and `startError`. The fake of ECI knows the same.
 */
export const scriptVariable = 'BURSTLET_FAKE_SCRIPT';
/** Shorthand: it ends with this code, `BURSTLET_FAKE_EXIT_AFTER_MS` after its start. */
export const exitVariable = 'BURSTLET_FAKE_EXIT';
export const exitAfterVariable = 'BURSTLET_FAKE_EXIT_AFTER_MS';

/** What a container of the fake does: nothing is executed. awslogs does not tell stdout from stderr. */
export interface FakeProgram extends MockProgram {
  /** Why it cannot be started, as in `stoppedReason`: `CannotPullContainerError: ...`. */
  readonly startError?: string;
}

export interface FakeExit {
  readonly code: number;
  /** As in Container.reason: `OutOfMemoryError: Container killed due to memory usage`. */
  readonly reason?: string;
}

/** A container as a program is chosen for it. */
export interface ProgramSubject {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Others wait until it has ended. */
  readonly mustEnd: boolean;
}

export type ChooseProgram = (subject: ProgramSubject) => Partial<FakeProgram> | undefined;

/**
 * Variables first, then what `choose` says, then what can be guessed from the command. Of the rest that ends at once for
 * whose end others wait, and all else runs until it is stopped.
 */
export function programOf(subject: ProgramSubject, choose: ChooseProgram): FakeProgram {
  const { environment, command, mustEnd } = subject;
  const guessed = guessProgram(command);
  const base =
    mustEnd && guessed.exits.length === 0 ? { ...guessed, exits: [{ code: 0, afterMs: 0 }] } : guessed;
  const text = environment[scriptVariable];
  const chosen = text === undefined ? { ...base, ...choose(subject) } : readProgram(text, environment, base);
  const code = environment[exitVariable];
  if (code === undefined) return chosen;
  return { ...chosen, exits: [{ code: Number(code), afterMs: Number(environment[exitAfterVariable] ?? 0) }] };
}

function readProgram(
  text: string,
  environment: Readonly<Record<string, string>>,
  base: MockProgram,
): FakeProgram {
  try {
    const parsed: { printEnv?: string[]; startError?: string } = JSON.parse(text);
    const { printEnv = [], startError, ...fields } = parsed;
    const under = { runningAfterMs: 0, containers: { '*': base } };
    const program = partOf(readScript({ containers: { '*': fields } }, scriptVariable, under), '*');
    const logs = [...program.logs, ...printEnv.map((name) => environment[name] ?? '')];
    return { ...program, logs, ...(startError !== undefined && { startError }) };
  } catch (error) {
    throw invalidParameter(error instanceof Error ? error.message : String(error));
  }
}
