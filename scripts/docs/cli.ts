import type { Command } from 'commander';
import { createProgram } from '../../src/cli/program.ts';
import { fenced, generatedNotice, page } from './markdown.ts';

const width = 100;

/** docs/reference/cli.md: the help of every command, as it prints it. */
export function cliPage(): string {
  const program = createProgram();
  return page(
    generatedNotice,
    '# The command line',
    'What `--help` prints. In a clone of the repository `npm run -s burstlet -- COMMAND` stands for `burstlet COMMAND`.',
    [
      'Exit codes: 0 = done, 1 = something failed (or, for `check` and `demo --exit`, was found), 2 = the command line, a',
      'file or the configuration is wrong. Log lines are JSON on standard error.',
    ].join('\n'),
    ...[program, ...program.commands].flatMap((command) => [
      `## ${command === program ? '' : 'burstlet '}${command.name()}`,
      fenced('text', helpOf(command)),
    ]),
  );
}

/** With the examples at its end, which are no part of `helpInformation()`. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => width,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text;
}
