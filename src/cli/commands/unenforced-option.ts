import { Option } from 'commander';
import type { RestraintName } from '../../../providers/contract/index.ts';
import { readRestraint } from '../../config/node-checks.ts';

/** `unenforced` of a node, on the command line. */
export function unenforcedOption(): Option {
  return new Option(
    '--unenforced <names>',
    'restraints that Pods may run without, as "unenforced" in burstlet.yaml, separated by commas',
  )
    .argParser((text): RestraintName[] =>
      text.split(',').map((name) => readRestraint(name.trim(), '--unenforced')),
    )
    .default([], 'none');
}
