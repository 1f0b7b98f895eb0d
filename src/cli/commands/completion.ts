import { Argument, type Command } from 'commander';
import { bashCompletion } from '../completion/bash.ts';
import { type CompletionModel, completionModel } from '../completion/completion-model.ts';
import { fishCompletion } from '../completion/fish.ts';
import { zshCompletion } from '../completion/zsh.ts';
import { examples, prose } from '../help.ts';

const shells: Readonly<Record<string, (model: CompletionModel) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

export function addCompletionCommand(program: Command): void {
  program
    .command('completion')
    .summary('print a script that completes commands and options in your shell')
    .description(
      prose(`Prints a completion script for an installed burstlet (npm install -g burstlet). It lists the commands
and options of this version: print it anew after an update, or let the shell do so at its start.`),
    )
    .addArgument(new Argument('<shell>', 'which shell it is for').choices(Object.keys(shells)))
    .addHelpText(
      'after',
      examples(
        {
          what: 'bash, for every new shell',
          command: `echo 'source <(burstlet completion bash)' >> ~/.bashrc`,
        },
        { what: 'zsh, after compinit', command: `echo 'source <(burstlet completion zsh)' >> ~/.zshrc` },
        { what: 'fish', command: 'burstlet completion fish > ~/.config/fish/completions/burstlet.fish' },
      ),
    )
    .action((shell: string) => {
      process.stdout.write(shells[shell]?.(completionModel(program)) ?? '');
    });
}
