import { Argument, type Command } from 'commander';
import type { CompletionModel } from '../completion/completion-model.ts';
import { examples, prose } from '../help.ts';

/** Each is loaded only when it is used. */
const shells: Readonly<Record<string, () => Promise<(model: CompletionModel) => string>>> = {
  bash: async () => (await import('../completion/bash.ts')).bashCompletion,
  zsh: async () => (await import('../completion/zsh.ts')).zshCompletion,
  fish: async () => (await import('../completion/fish.ts')).fishCompletion,
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
    .action(async (shell: string) => {
      const { completionModel } = await import('../completion/completion-model.ts');
      const script = await shells[shell]?.();
      process.stdout.write(script?.(completionModel(program)) ?? '');
    });
}
