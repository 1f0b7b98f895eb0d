/**
 * A command as the agent splits it in a container: github.com/google/shlex. Quotes and backslashes as in a shell, `#` at
 * the beginning of a word makes a comment, nothing is expanded. Throws an Error when a quote is not closed.
 */
export function splitWords(command: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < command.length; at++) {
    const char = command[at] ?? '';
    if (quote !== '') {
      if (char === quote) quote = '';
      // Within double quotes a backslash takes whatever follows it, unlike in a shell.
      else if (char === '\\' && quote === '"') word += command[++at] ?? '';
      else word += char;
    } else if (char === "'" || char === '"') {
      quote = char;
      word ??= '';
    } else if (char === '\\') word = (word ?? '') + (command[++at] ?? '');
    else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === '#' && word === undefined) {
      const end = command.indexOf('\n', at);
      if (end < 0) break;
      at = end;
    } else word = (word ?? '') + char;
  }
  if (quote !== '') throw new Error('EOF found when expecting closing quote');
  if (word !== undefined) words.push(word);
  return words;
}
