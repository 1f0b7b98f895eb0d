import type { MockProgram } from '../../../../providers/mock/script.ts';
import { defaultProgram } from '../../../../providers/mock/script.ts';
import { shellCommands } from './commands.ts';

const units: Readonly<Record<string, number>> = { '': 1000, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * What the command of a container would do, guessed from its words: `echo`, `sleep`, `exit`, `true` and `false`, also in
 * a row behind `sh -c`. All lines are written at the start. Whatever else it is runs until it is stopped.
 */
export function guessProgram(words: readonly string[]): MockProgram {
  const logs: string[] = [];
  let afterMs = 0;
  let code = 0;
  for (const [name, ...rest] of shellCommands(words) ?? [words]) {
    const text = rest.join(' ');
    const forever = { ...defaultProgram, logs };
    if (name === undefined) return defaultProgram;
    if (name === 'echo') logs.push(text);
    else if (name === 'true' || name === 'false') code = name === 'true' ? 0 : 1;
    else if (name === 'exit') return { ...forever, exits: [{ code: Number(text || code) & 255, afterMs }] };
    else {
      const ms = name === 'sleep' ? sleepMs(text) : undefined;
      if (ms === undefined) return forever;
      afterMs += ms;
    }
  }
  return { ...defaultProgram, logs, exits: [{ code, afterMs }] };
}

/** Undefined = for ever, or not understood. */
function sleepMs(text: string): number | undefined {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([smh]?)$/.exec(text) ?? [];
  const factor = units[unit];
  return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}
