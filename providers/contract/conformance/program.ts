/** What a container of the kit is to do. The kit turns it into a shell script unless the harness knows better. */
export interface Program {
  /** Written first, one by one. */
  readonly print?: readonly PrintedLine[];
  /** Environment variables whose values are printed after that, a line each. */
  readonly printEnv?: readonly string[];
  /** Seconds between two lines of `print`. Default 0. */
  readonly printEverySeconds?: number;
  /** Then it answers each line of its input with `got <line>`, until the line `quit`, with which it ends. The container has stdin. */
  readonly answersInput?: boolean;
  /** It sends back what it gets on this TCP port of its instance, on each connection, and ends its side with the client's. */
  readonly echoesPort?: number;
  /** Then it ends by itself; absent = it runs until it is stopped. */
  readonly exit?: { readonly code: number; readonly afterSeconds?: number };
  /** What it does on SIGTERM: ends at once with this code, or ignores it. Default 0. */
  readonly onTerm?: number | 'ignore';
}

export interface PrintedLine {
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

/** The program as a command for any image with a POSIX shell and `sleep`. */
export function shellCommand(program: Program): string[] {
  const { print = [], printEnv = [], printEverySeconds = 0, exit, onTerm = 0 } = program;
  const { answersInput = false, echoesPort } = program;
  const trap = onTerm === 'ignore' ? "trap '' TERM" : `trap 'kill $! 2>/dev/null; exit ${onTerm}' TERM`;
  // A shell runs a trap only between commands: it must wait for the sleep, not be busy with it.
  const pause = (seconds: number): string => `sleep ${seconds} & wait $!`;
  const steps = [trap];
  for (const { stream, text } of print) {
    steps.push(`printf '%s\\n' '${text.replaceAll("'", `'\\''`)}'${stream === 'stderr' ? ' >&2' : ''}`);
    if (printEverySeconds > 0) steps.push(pause(printEverySeconds));
  }
  for (const name of printEnv) steps.push(`printf '%s\\n' "$${name}"`);
  if (answersInput)
    steps.push(`while read -r line; do [ "$line" = quit ] && exit 0; printf 'got %s\\n' "$line"; done`);
  // The way to serve more than one connection has changed between versions of BusyBox.
  if (echoesPort !== undefined)
    steps.push(`(nc -lk -p ${echoesPort} -e cat || nc -ll -p ${echoesPort} -e cat) &`);
  if (exit === undefined) steps.push(`while :; do ${pause(5)}; done`);
  else {
    if (exit.afterSeconds) steps.push(pause(exit.afterSeconds));
    steps.push(`exit ${exit.code}`);
  }
  return ['/bin/sh', '-c', steps.join('\n')];
}
