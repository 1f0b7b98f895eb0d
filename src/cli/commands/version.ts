import type { Command } from 'commander';
import { packageVersion } from '../version.ts';

export function addVersionCommand(program: Command): void {
  program
    .command('version')
    .summary('print the version')
    .action(() => console.log(`burstlet ${packageVersion()} (Node.js ${process.version})`));
}
