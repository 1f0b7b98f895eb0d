import { shellCommands } from './commands.ts';

export interface CommandResult {
  readonly output: string;
  readonly code: number;
}

/** Answers a command as a shell without programs would: `echo`, `printf`, `env`, `true`, `false`, `exit`, and rows of these. */
export function runCommand(words: readonly string[], env: ReadonlyMap<string, string>): CommandResult {
  const commands = shellCommands(words);
  if (commands === undefined) return runOne(words, env);
  let output = '';
  let code = 0;
  for (const command of commands) {
    const status = String(code);
    const [name, ...rest] = command.map((word) => (word === '$?' ? status : word));
    if (name === 'exit') return { output, code: Number(rest[0] ?? code) & 255 };
    const result = runCommand([name ?? 'true', ...rest], env);
    output += result.output;
    code = result.code;
  }
  return { output, code };
}

function runOne([name = '', ...words]: readonly string[], env: ReadonlyMap<string, string>): CommandResult {
  if (name === 'echo') return { output: `${words.join(' ')}\n`, code: 0 };
  if (name === 'env')
    return { output: [...env].map(([key, value]) => `${key}=${value}\n`).join(''), code: 0 };
  if (name === 'true' || name === 'false') return { output: '', code: name === 'true' ? 0 : 1 };
  if (name !== 'printf') return { output: `sh: ${name}: not found\n`, code: 127 };
  const [format = '', ...values] = words;
  let next = 0;
  return { output: format.replace(/%s/g, () => values[next++] ?? '').replaceAll('\\n', '\n'), code: 0 };
}
