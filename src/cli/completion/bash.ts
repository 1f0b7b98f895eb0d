import type { CompletedOption, CompletionModel, Values } from './completion-model.ts';

/** For bash 3.2 (macOS) and later, without the package bash-completion. */
export function bashCompletion({ program, options, commands }: CompletionModel): string {
  const values = [
    ...options.flatMap((option) => valueCases('', option)),
    ...commands.flatMap(({ name, options: own }) => own.flatMap((option) => valueCases(name, option))),
  ];
  const words = commands.map(({ name, options: own, values: operands }) =>
    caseOf([name], [...(operands?.words ?? []), ...namesOf(own)]),
  );
  return `# bash completion for ${program}: source <(${program} completion bash)
_${program}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command='' words='' paths='' i
  COMPREPLY=()
  # Readline takes --option=value for three words.
  if [[ $cur == = ]]; then cur=''
  elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      ${commands.map(({ name }) => name).join('|')}) command=\${COMP_WORDS[i]}; break ;;
    esac
  done
  case $command:$prev in
${values.join('\n')}
    *)
      case $command in
        '') words='${[...commands.map(({ name }) => name), ...namesOf(options)].join(' ')}' ;;
${words.join('\n')}
      esac ;;
  esac
  local IFS=$'\\n'
  case $paths in
    files) COMPREPLY=($(compgen -f -- "$cur")) ;;
    folders) COMPREPLY=($(compgen -d -- "$cur")) ;;
  esac
  if [[ -n $paths ]]; then compopt -o filenames 2>/dev/null; fi
  COMPREPLY+=($(IFS=' '; compgen -W "$words" -- "$cur"))
}
complete -F _${program} ${program}
`;
}

function valueCases(command: string, { names, values }: CompletedOption): string[] {
  if (values === undefined) return [];
  const patterns = names.map((name) => `${command}:${name}`).join('|');
  return [`    ${patterns}) ${assignments(values)} ;;`];
}

function assignments({ words, paths }: Values): string {
  return `words='${words.join(' ')}' paths='${paths === 'none' ? '' : paths}'`;
}

function caseOf(names: readonly string[], words: readonly string[]): string {
  return `        ${names.join('|')}) words='${words.join(' ')}' ;;`;
}

function namesOf(options: readonly CompletedOption[]): string[] {
  return options.flatMap(({ names }) => names);
}
