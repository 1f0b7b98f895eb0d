import type { Command } from 'commander';
import { examples } from '../help.ts';
import { versionLine } from '../version.ts';

export function addVersionCommand(program: Command): void {
  program
    .command('version')
    .summary('print the version')
    .addHelpText('after', examples({ what: 'for a bug report', command: 'burstlet version' }))
    .action(() => console.log(versionLine()));
}
