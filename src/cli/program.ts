import { Command } from 'commander';
import { addCheckCommand } from './commands/check.ts';
import { addDevCommand } from './commands/dev.ts';
import { addRunCommand } from './commands/run.ts';
import { addVersionCommand } from './commands/version.ts';

/** The whole command line. Errors of usage are thrown as CommanderError. */
export function createProgram(): Command {
  const program = new Command('burstlet')
    .description('Make a Kubernetes cluster nodeless: virtual nodes whose Pods run as elastic instances.')
    .showHelpAfterError('(burstlet --help shows what there is)')
    .exitOverride();
  addRunCommand(program);
  addDevCommand(program);
  addCheckCommand(program);
  addVersionCommand(program);
  return program;
}
