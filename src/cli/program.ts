import { Command } from 'commander';
import { addCheckCommand } from './commands/check.ts';
import { addCompletionCommand } from './commands/completion.ts';
import { addCostCommand } from './commands/cost.ts';
import { addDemoCommand } from './commands/demo.ts';
import { addDevCommand } from './commands/dev.ts';
import { addRunCommand } from './commands/run.ts';
import { addVersionCommand } from './commands/version.ts';
import { examples } from './help.ts';
import { versionLine } from './version.ts';

/** The whole command line. Errors of usage are thrown as CommanderError. */
export function createProgram(): Command {
  const program = new Command('burstlet')
    .description('Make a Kubernetes cluster nodeless: virtual nodes whose Pods run as elastic instances.')
    .showHelpAfterError('(burstlet --help shows what there is)')
    .showSuggestionAfterError()
    .exitOverride()
    .version(versionLine(), '-V, --version', 'print the version')
    .addHelpText(
      'after',
      `${examples(
        { what: 'see it work, with nothing but Node.js', command: 'burstlet demo' },
        { what: 'add a virtual node to a cluster', command: 'burstlet run --provider ./my-provider.js' },
        { what: 'before that: which Pods would it refuse?', command: 'burstlet check -f deployment.yaml' },
      )}

In a clone of the repository: npm run -s burstlet -- COMMAND`,
    );
  addRunCommand(program);
  addDevCommand(program);
  addDemoCommand(program);
  addCheckCommand(program);
  addCostCommand(program);
  addCompletionCommand(program);
  addVersionCommand(program);
  for (const command of program.commands)
    command.showHelpAfterError(`(burstlet ${command.name()} --help shows what there is)`);
  return program;
}
