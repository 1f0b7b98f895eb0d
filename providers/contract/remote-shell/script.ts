import { singleQuoted } from './shell-command.ts';

/** Secrets of one session: nothing that a command writes by itself holds them. */
export interface Marks {
  /** Begins a frame of the shell among the output. */
  readonly frame: string;
  /** Ends each output of the command, with its exit code. */
  readonly end: string;
}

/** What frames are about: the first character of their body. The first two come before all output. */
export const frameKinds = {
  /** Output begins behind it. */
  begin: 'b',
  /** A tool that the image lacks. */
  missing: 'm',
  /** A chunk of input was handed to the command. */
  taken: 'a',
  /** The command takes no more input. */
  refused: 'c',
  /** Standard error, in base64. */
  stderr: 'e',
} as const;

/** Input lines: the length of a chunk that follows, `0` at the end of input; anything else, and the end of the channel, ends all. */
export const endOfInput = '0\n';
export const endOfAll = 'end\n';

const k = frameKinds;

/** A command may send these to its whole process group, and means itself. */
const groupSignals = 'HUP INT QUIT PIPE TERM';

/**
 * A terminal that is a terminal. The shell waits for the command in its process group, so it takes Ctrl-C without
 * ending from it; a trap that is no `''` is undone in the command.
 */
const onTerminal = [
  'stty "$_bl_tty"',
  'exec 5>&2 2>/dev/null',
  'trap : INT QUIT TERM',
  `printf %s "\${_bl_m}${k.begin};"`,
  '(exec 2>&5 5>&-; exec "$@")',
  'printf %s "$_bl_e$?;"',
];

/**
 * Hears which processes the relay and the command are, and what becomes of them. The command waits for its answer. When told so it kills the command with
 * its process group, if that has not ended, and the relay, which would wait for input: then all ends by itself. When all
 * others have died it kills the command, too; who killed them does not find this one, which is in a session of its own
 * where the image has setsid.
 */
const ward = [
  'relay=; command=; kill=; end=; while read -r what pid; do',
  'case $what in relay) relay=$pid;; command) command=$pid; kill -USR1 $pid;; kill) kill=now;; end) end=now;; esac',
  'if [ -n "$kill" ] && [ -n "$command" ]; then break; fi; done',
  'if [ -z "$end" ]; then kill -9 -$command || kill -9 $command; fi',
  'if [ -n "$kill" ]; then kill -9 $relay; fi',
];

/**
 * Becomes the command once the ward has answered: one that began before there is a ward could outlive its session. Where
 * the ward has died nobody takes the words. The loop of the shell is all that every image has to wait with.
 */
const ready = [
  'trap _bl_ok=1 USR1; echo command $$ >&6; while [ -z "$_bl_ok" ]; do',
  '_bl_i=0; while [ $_bl_i -lt 500 ] && [ -z "$_bl_ok" ]; do',
  '_bl_i=$((_bl_i+1)); done; echo wait >&6 2>/dev/null || exit 137; done; unset _bl_ok _bl_i',
  'exec "$@" 6>&-',
];

/**
 * Everything else. Processes, from left to right:
 * - relay makes a pipe of the channel, for of a terminal some shells read more than a line.
 * - feed reads what the host says, and nothing keeps it from that: no more is on the way than fits into the pipe behind
 *   it. So it sees the end of the channel at once.
 * - pump hands chunks of input to the command at its pace, and tells the host (4).
 * - run waits for the command, which has pipes and no terminal, and is in a session of its own where the image has setsid.
 *   Its exit code goes the way of each output, behind all that the command wrote.
 * - dd carries standard output to where all meet (4).
 * - errs carries standard error (5) in frames, each a single write that a pipe does not divide (PIPE_BUF, pipe(7)).
 * - armor makes text of it all, for some platforms pass nothing else unchanged.
 * - ward hears from the others (6).
 */
const onPipes = [
  'exec 3<&0 7>&1',
  `for _bl in dd base64; do command -v $_bl >/dev/null 2>&1 || { printf %s "\${_bl_m}${k.missing}$_bl;"; exit 127; }; done`,
  'if printf x | dd bs=1 count=1 iflag=fullblock >/dev/null 2>&1',
  'then _bl_dd() { dd bs="$1" count=1 iflag=fullblock; }',
  'else _bl_dd() { dd bs=1 count="$1"; }; fi',
  '_bl_s=; if command -v setsid >/dev/null 2>&1; then _bl_s=setsid; fi',
  `_bl_relay() { exec /bin/sh -c 'echo $$; exec dd bs=65536' <&3; }`,
  '_bl_feed() { IFS= read -r _bl; echo "relay $_bl" >&6; while IFS= read -r _bl; do case $_bl in',
  '0) exec >&-;; [1-9]*) printf "%s\\n" "$_bl"; _bl_dd "$_bl";; *) break;; esac; done; echo kill >&6; }',
  '_bl_pump() { while IFS= read -r _bl; do',
  `_bl_dd "$_bl" || { printf %s "\${_bl_m}${k.refused};" >&4; break; }; printf %s "\${_bl_m}${k.taken};" >&4; done; }`,
  `_bl_run() { (trap - ${groupSignals}; exec 2>&5 3<&- 4>&- 5>&- 7>&-`,
  `exec $_bl_s /bin/sh -c '${joined(ready)}' sh "$@")`,
  '_bl=$?; echo end >&6; printf %s "$_bl_e$_bl;"; printf %s "$_bl_e$_bl;" >&5; }',
  '_bl_errs() { while _bl=$(dd bs=2880 count=1 | base64) && [ -n "$_bl" ]; do',
  `printf %s "\${_bl_m}${k.stderr}" $_bl ";" | dd obs=4096; done; }`,
  '_bl_armor() { while _bl=$(dd bs=49152 count=1 | base64) && [ -n "$_bl" ]; do printf "%s;" "$_bl"; done; }',
  `_bl_ward() { exec $_bl_s /bin/sh -c '${joined(ward)}' >/dev/null 3<&- 7>&-; }`,
  `trap '' ${groupSignals}`,
  `printf %s "\${_bl_m}${k.begin};"`,
  'exec 2>/dev/null',
  '{ { exec 4>&1; { _bl_relay | _bl_feed | _bl_pump | _bl_run "$@" | dd bs=65536 >&4; } 5>&1 | _bl_errs; } | _bl_armor >&7; } 6>&1 | _bl_ward',
];

/** One line for the shell that `shellCommand` has started. */
export function script(command: readonly string[], tty: boolean, marks: Marks): Buffer {
  const args = command.map((word) => singleQuoted(word).replaceAll('\n', `'"$_bl_n"'`));
  const lines = [
    `_bl_n=$(printf "\\n."); _bl_n=\${_bl_n%.}`,
    `_bl_m='${marks.frame}'; _bl_e='${marks.end}'`,
    `set -- ${args.join(' ')}`,
    ...(tty ? onTerminal : onPipes),
  ];
  return Buffer.from(`${joined(lines)}\n`);
}

/** Lines of a shell as one: a line that ends with a word of its grammar goes on. */
function joined(lines: readonly string[]): string {
  return lines.map((line) => (/\b(do|in)$/.test(line) ? `${line} ` : `${line}; `)).join('');
}
