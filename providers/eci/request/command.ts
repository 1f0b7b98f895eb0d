import type { ContainerSpec } from '../../contract/index.ts';
import { unfit } from './fault.ts';

/** …/api-eci-2018-08-08-createcontainergroup: Command, Arg. */
const mostCommands = 20;
const longestCommand = 256;
const mostArgs = 10;
const longestArg = 65_535;

/**
 * A command is one list, and so is that of the API, only cut in two: the first part may have more entries, the second
 * longer ones. With a command of its own a container can be cut anywhere; arguments alone must stay arguments, for they
 * follow the entry point of the image.
 */
export function commandOf(
  { command, args = [] }: ContainerSpec,
  field: string,
): { readonly command?: readonly string[]; readonly arg?: readonly string[] } {
  const first = command?.length ? [...command, ...args] : [];
  const cut = firstTooLong(first);
  const arg = command?.length ? first.slice(cut) : args;
  if (cut === 0 && first.length > 0)
    throw unfit(
      `${field}.command[0]`,
      `longer than ${longestCommand} characters`,
      'put it into a script of the image',
    );
  if (arg.length > mostArgs)
    throw unfit(
      `${field}.args`,
      `${arg.length} arguments where ${mostArgs} can be passed on`,
      'put them into one argument of a shell, or into a file',
    );
  const long = arg.findIndex((each) => each.length > longestArg);
  if (long >= 0)
    throw unfit(`${field}.args[${long}]`, `longer than ${longestArg} characters`, 'put it into a file');
  return { ...(cut > 0 && { command: first.slice(0, cut) }), ...(arg.length > 0 && { arg }) };
}

function firstTooLong(entries: readonly string[]): number {
  const long = entries.findIndex((each, index) => index >= mostCommands || each.length > longestCommand);
  return long < 0 ? entries.length : long;
}
