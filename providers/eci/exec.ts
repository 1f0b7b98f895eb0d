import { randomUUID } from 'node:crypto';
import type { ExecRequest, InstanceRef, ProcessStreams } from '../contract/index.ts';
import { ProviderError } from '../contract/index.ts';
import type { Calls } from './api/calls.ts';
import type { Fleet } from './fleet.ts';

/** ExecContainerCommand takes as many entries, each at most so long. */
const mostEntries = 20;
const longestEntry = 256;

const interactive =
  'the terminal of an instance is a connection whose protocol the vendor does not publish; use the terminal of the ECI console, or a command without -i and -t';

/**
 * Runs a command and passes on what it wrote, once it has ended. The API gives the output of a command that it waits
 * for, and not its exit code: so a shell runs it, and writes the code behind the output, after a mark that nobody can
 * guess. Both streams come as one.
 */
export async function eciExec(
  { calls, fleet }: { readonly calls: Calls; readonly fleet: Fleet },
  ref: InstanceRef,
  container: string,
  { command, tty }: ExecRequest,
  streams: ProcessStreams,
  signal: AbortSignal,
): Promise<number> {
  const instance = await fleet.look(ref.id, 'log', signal);
  const found = instance?.containers.find(({ name }) => name === container);
  if (found === undefined || found.state.kind !== 'running')
    throw new ProviderError('NotFound', `container ${container} of instance ${ref.id} does not run`);
  if (tty || streams.stdin !== undefined) throw new ProviderError('Unsupported', interactive);
  const mark = `burstlet-${randomUUID()}`;
  const { syncResponse = '' } = await calls.call(
    'execContainerCommand',
    {
      containerGroupId: ref.id,
      containerName: container,
      command: JSON.stringify(wrapped(command, mark)),
      TTY: false,
      stdin: false,
      sync: true,
    },
    { urgency: 'log' },
    signal,
  );
  const { output, exitCode } = unwrapped(syncResponse, mark);
  await write(streams, output);
  return exitCode;
}

function wrapped(command: readonly string[], mark: string): readonly string[] {
  const whole = ['/bin/sh', '-c', `"$@" 2>&1; printf '%s:%s' ${mark} $?`, 'sh', ...command];
  if (whole.length > mostEntries || whole.some((entry) => entry.length > longestEntry))
    throw new ProviderError(
      'Unsupported',
      `the API runs commands of at most ${mostEntries - 4} entries with ${longestEntry} characters each; put it into a script of the image`,
    );
  return whole;
}

function unwrapped(answer: string, mark: string): { readonly output: string; readonly exitCode: number } {
  const at = answer.lastIndexOf(`${mark}:`);
  const code = at < 0 ? null : /^\d{1,3}/.exec(answer.slice(at + mark.length + 1));
  if (code === null)
    throw new ProviderError(
      'Unsupported',
      'the answer has no exit code: the container has no /bin/sh, or the command ran for longer than the API waits',
    );
  return { output: answer.slice(0, at), exitCode: Number(code[0]) };
}

async function write({ stdout }: ProcessStreams, output: string): Promise<void> {
  if (stdout === undefined || output === '') return;
  await new Promise<void>((resolve, reject) => {
    stdout.write(output, (error) => (error ? reject(error) : resolve()));
  });
}
