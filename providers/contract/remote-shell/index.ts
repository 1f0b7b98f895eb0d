export type { RemoteChannel } from './channel.ts';
export { runInShell } from './run-in-shell.ts';
export { quoted, shellCommand } from './shell-command.ts';
