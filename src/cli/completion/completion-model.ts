import type { Argument, Command, Option } from 'commander';

/** What may stand for the value of an option, or for an argument. */
export interface Values {
  readonly words: readonly string[];
  readonly paths: 'none' | 'files' | 'folders';
}

export interface CompletedOption {
  /** `-f`, `--filename`. */
  readonly names: readonly string[];
  readonly description: string;
  /** Absent = the option takes no value. */
  readonly values?: Values;
}

export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CompletedOption[];
  /** Absent = no arguments. */
  readonly values?: Values;
}

export interface CompletionModel {
  readonly program: string;
  readonly options: readonly CompletedOption[];
  readonly commands: readonly CompletedCommand[];
}

/** What the placeholders in the help stand for. */
const placeholders: Readonly<Record<string, Values['paths']>> = { file: 'files', dir: 'folders' };

/** `--provider` takes more than can be listed: these, a file, or a package. */
const providers: Values = { words: ['docker', 'eci', 'fargate', 'mock', 'process'], paths: 'files' };

/** Everything that can be completed, as the help shows it. */
export function completionModel(program: Command): CompletionModel {
  return {
    program: program.name(),
    options: optionsOf(program),
    commands: program
      .createHelp()
      .visibleCommands(program)
      .map((command) => commandOf(command, program)),
  };
}

function commandOf(command: Command, program: Command): CompletedCommand {
  const [argument] = command.registeredArguments;
  const values = command.name() === 'help' ? namesOf(program) : argument && argumentValues(argument);
  return {
    name: command.name(),
    summary: command.summary() || firstLine(command.description()),
    options: optionsOf(command),
    ...(values === undefined ? {} : { values }),
  };
}

function optionsOf(command: Command): CompletedOption[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map((option) => ({
      names: [option.short, option.long].filter((name) => name !== undefined),
      description: firstLine(option.description),
      ...(option.required || option.optional ? { values: optionValues(option) } : {}),
    }));
}

function optionValues(option: Option): Values {
  if (option.long === '--provider' && option.argChoices === undefined) return providers;
  const [, placeholder = ''] = /[<[]([^>\]]+)[>\]]/.exec(option.flags) ?? [];
  return { words: option.argChoices ?? [], paths: placeholders[placeholder] ?? 'none' };
}

function argumentValues(argument: Argument): Values {
  return { words: argument.argChoices ?? [], paths: placeholders[argument.name()] ?? 'none' };
}

function namesOf(program: Command): Values {
  return { words: program.commands.map((command) => command.name()), paths: 'none' };
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
