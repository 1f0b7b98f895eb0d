import type { Command } from 'commander';
import { blocksOf, type Fault, type Page } from './markdown-files.ts';

export interface KnownCommands {
  readonly program: Command;
  /** Of package.json. */
  readonly scripts: Readonly<Record<string, string>>;
}

/** `burstlet …` and `npm run …` in shell blocks that name no command, option or script there is. */
export function brokenCommands({ file, text }: Page, known: KnownCommands): Fault[] {
  return blocksOf(text)
    .filter(({ info }) => info === 'sh')
    .flatMap((block) =>
      linesOf(block.text).flatMap(({ line, text: shell }) =>
        shell.split(/&&|\|\|?|;|\$\(/).flatMap((part) => {
          const what = faultOf(wordsOf(part), known);
          return what === undefined ? [] : [{ file, line: block.line + line, what }];
        }),
      ),
    );
}

/** With lines that end in a backslash joined to the next. */
function linesOf(text: string): { line: number; text: string }[] {
  const joined: { line: number; text: string }[] = [];
  let open = false;
  for (const [line, part] of text.split('\n').entries()) {
    const last = joined.at(-1);
    if (open && last !== undefined) last.text += ` ${part.replace(/\\$/, '')}`;
    else joined.push({ line, text: part.replace(/\\$/, '') });
    open = part.endsWith('\\');
  }
  return joined;
}

/** Without quoted text, comments, and what stands before a command (`sudo`, `FOO=1`). */
function wordsOf(text: string): string[] {
  const plain = text.replaceAll(/'[^']*'|"[^"]*"/g, 'quoted').replace(/(^|\s)#.*$/, '');
  const words = plain.split(/\s+/).filter((word) => word !== '');
  const start = words.findIndex((word) => !/^(sudo|npx|time|\w+=.*)$/.test(word));
  return start < 0 ? [] : words.slice(start);
}

function faultOf([first, ...rest]: readonly string[], known: KnownCommands): string | undefined {
  if (first === 'burstlet') return burstletFault(rest, known.program);
  if (first !== 'npm' || rest[0] !== 'run') return undefined;
  const [script = '', ...more] = rest.slice(1).filter((word) => word !== '-s');
  const command = known.scripts[script];
  if (command === undefined) return `package.json has no script ${script}`;
  const [, own] = command.split('node src/cli/main.ts');
  if (own === undefined) return undefined;
  return burstletFault([...wordsOf(own), ...more.filter((word) => word !== '--')], known.program);
}

function burstletFault([name = '--help', ...rest]: readonly string[], program: Command): string | undefined {
  if (name === '--help' || name === 'help') return undefined;
  const command = program.commands.find((one) => one.name() === name);
  if (command === undefined) return `burstlet has no command ${name}`;
  const unknown = rest
    .filter((word) => /^--?[a-z]/.test(word))
    .map((word) => word.split('=')[0] ?? '')
    .find(
      (flag) =>
        flag !== '--help' && !command.options.some(({ short, long }) => flag === short || flag === long),
    );
  return unknown === undefined ? undefined : `burstlet ${name} has no option ${unknown}`;
}
