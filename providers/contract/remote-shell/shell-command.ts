const separator = String.fromCharCode(0o36);

/**
 * How the shell says that it is there: on pipes, on a terminal whose bytes pass as they are, or on one that the image cannot
 * set up. In an echo of the command itself the first byte is written `\036`.
 */
export const readyPattern = new RegExp(`${separator}burstlet:(pipe|raw|stuck)${separator}`);

/** Takes its script from its first line of input, so that no platform's limit on commands matters. */
const bootstrap = [
  '_bl=pipe',
  'if [ -t 0 ]; then _bl=stuck; _bl_tty=$(stty -g) && stty raw -echo && _bl=raw; fi',
  'printf "\\036burstlet:%s\\036" $_bl',
  'IFS= read -r _bl && eval "$_bl"',
].join('; ');

/**
 * The command to start in the container: the same for every exec, with or without a terminal. No entry is longer than
 * 256 characters or has a single quote in it. What is wanted follows through the channel.
 */
export const shellCommand: readonly string[] = ['/bin/sh', '-c', bootstrap];

/** A command as one string that a shell and a splitter of words (shlex) read alike. */
export function quoted(command: readonly string[]): string {
  return command.map((word) => (/^[\w./:-]+$/.test(word) ? word : singleQuoted(word))).join(' ');
}

export function singleQuoted(word: string): string {
  return `'${word.replaceAll("'", `'"'"'`)}'`;
}
