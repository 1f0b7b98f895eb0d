import { Command, CommanderError } from 'commander';
import { addDevCommand } from './commands/dev.ts';
import { addRunCommand } from './commands/run.ts';
import { addVersionCommand } from './commands/version.ts';
import { reportError } from './report-error.ts';

const program = new Command('burstlet')
  .description('Make a Kubernetes cluster nodeless: virtual nodes whose Pods run as elastic instances.')
  .showHelpAfterError('(burstlet --help shows what there is)')
  .exitOverride();

addRunCommand(program);
addDevCommand(program);
addVersionCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode;
  else process.exitCode = reportError(error);
}
