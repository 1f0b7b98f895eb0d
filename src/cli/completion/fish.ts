import type { CompletedOption, CompletionModel, Values } from './completion-model.ts';

export function fishCompletion({ program, options, commands }: CompletionModel): string {
  const all = `complete -c ${program}`;
  const lines = [
    `# fish completion for ${program}: ${program} completion fish | source`,
    `${all} -f`,
    ...options.map((option) => `${all} -n __fish_use_subcommand ${optionOf(option)}`),
    ...commands.flatMap(({ name, summary, options: own, values }) => {
      const within = `${all} -n '__fish_seen_subcommand_from ${name}'`;
      return [
        `${all} -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
        ...(values === undefined ? [] : [`${within} ${valuesOf(values)}`]),
        ...own.map((option) => `${within} ${optionOf(option)}`),
      ];
    }),
  ];
  return `${lines.join('\n')}\n`;
}

function optionOf({ names, description, values }: CompletedOption): string {
  const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  const value = values === undefined ? '' : ` -r ${valuesOf(values)}`;
  return `${flags.join(' ')}${value} -d ${quoted(description)}`;
}

function valuesOf({ words, paths }: Values): string {
  const list = words.length === 0 ? [] : [`-a ${quoted(words.join(' '))}`];
  if (paths === 'files') return ['-F', ...list].join(' ');
  if (paths === 'folders') return `-f -a '(__fish_complete_directories)'`;
  return ['-f', ...list].join(' ');
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, (character) => `\\${character}`)}'`;
}
