/**
 * The commands of a script, each as its words. Quotes and backslashes are understood, and `"$@"` as the arguments;
 * loops, variables and files are not: they stay words. There is one output only, so `2>&1` says nothing.
 */
export function commandsOf(script: string, args: readonly string[] = []): string[][] {
  const commands: string[][] = [];
  let words: string[] = [];
  const end = (): void => {
    if (words.length > 0) commands.push(words);
    words = [];
  };
  for (const [token] of script.matchAll(
    /"\$@"|\d>&\d|&&|[;\n]|(?:'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^\s;&'"\\])+|&/g,
  ))
    if (token === '"$@"') words.push(...args);
    else if (/^(&&|;|\n)$/.test(token)) end();
    else if (/^\d>&\d$/.test(token)) continue;
    else words.push(unquoted(token));
  end();
  return commands;
}

/** The script of `sh -c script name arguments...`, taken apart; undefined for any other command. */
export function shellCommands([shell = '', flag, script, , ...args]: readonly string[]):
  | string[][]
  | undefined {
  return /^(.*\/)?(ba|da|a)?sh$/.test(shell) && flag === '-c' && script !== undefined
    ? commandsOf(script, args)
    : undefined;
}

function unquoted(word: string): string {
  return word.replace(
    /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/g,
    (_, single, double, escaped) =>
      single ?? (double === undefined ? escaped : double.replace(/\\(["\\$`])/g, '$1')),
  );
}
