import type { CompletedCommand, CompletedOption, CompletionModel, Values } from './completion-model.ts';

/** Both for `source <(burstlet completion zsh)` and for a file `_burstlet` in the fpath. */
export function zshCompletion({ program, options, commands }: CompletionModel): string {
  return `#compdef ${program}
_${program}() {
  local -a commands
  local context state state_descr line
  typeset -A opt_args
  commands=(
${commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`).join('\n')}
  )
  _arguments -C \\
${options.map((option) => `    ${specOf(option)} \\`).join('\n')}
    '1: :->command' \\
    '*:: :->rest' && return
  case $state in
    command) _describe -t commands command commands ;;
    rest)
      case $line[1] in
${commands.map(commandCase).join('\n')}
      esac ;;
  esac
}
compdef _${program} ${program}
if [[ $funcstack[1] == _${program} ]]; then _${program} "$@"; fi
`;
}

function commandCase({ name, options, values }: CompletedCommand): string {
  const specs = [
    ...options.map(specOf),
    ...(values === undefined ? [] : [quoted(`1: :${actionOf(values)}`)]),
  ];
  return `        ${name}) _arguments ${specs.join(' ')} ;;`;
}

/** `'(-f --filename)'{-f,--filename}'[what it does]:value:_files'`; an option may be given again. */
function specOf({ names, description, values }: CompletedOption): string {
  const text = description.replaceAll(/[[\]\\:]/g, (character) => `\\${character}`);
  const rest = `[${text}]${values === undefined ? '' : `: :${actionOf(values)}`}`;
  const flags = names.length > 1 ? `{${names.join(',')}}` : (names[0] ?? '');
  return `'*'${flags}${quoted(rest)}`;
}

function actionOf({ words, paths }: Values): string {
  if (paths === 'folders') return '_files -/';
  if (paths === 'none') return words.length === 0 ? '( )' : `(${words.join(' ')})`;
  if (words.length === 0) return '_files';
  return ` _alternative "values\\:value\\:(${words.join(' ')})" "files\\:file\\:_files"`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
