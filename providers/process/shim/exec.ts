import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import type { ProviderClock } from '../../contract/clock.ts';
import { sendSignal } from '../members.ts';
import type { ExecAnswer, ExecParams } from '../protocol.ts';
import { StartFailure } from './executable.ts';
import type { Spawned } from './spawn.ts';
import { spawnProcess } from './spawn.ts';

export interface ExecTarget {
  readonly workingDir: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface ExecDeps {
  /** Absolute, not yet used: the FIFO of this command. */
  readonly fifo: string;
  readonly clock: ProviderClock;
}

/** How long output is waited for that background processes of the command may still write. */
const drainMs = 500;

/** Runs a command beside the container's process. Its group is killed when the time is up or when nobody waits any more. */
export async function execute(
  target: ExecTarget,
  params: ExecParams,
  deps: ExecDeps,
  signal: AbortSignal,
): Promise<ExecAnswer> {
  const { workingDir, environment } = target;
  const { argv, timeoutMs, maxOutputBytes } = params;
  let spawned: Spawned;
  try {
    const fifos = [deps.fifo] as const;
    spawned = await spawnProcess({ argv, workingDir, environment, stdin: false, fifos, lasting: false });
  } catch (error) {
    if (!(error instanceof StartFailure)) throw error;
    const output = Buffer.from(error.message).toString('base64');
    return { exitCode: error.shellCode, output, timedOut: false };
  }
  const output = collect(spawned.outputs, maxOutputBytes);
  let timedOut = false;
  const kill = (): void => sendSignal(-spawned.pid, 'SIGKILL');
  const cancelTimeout = deps.clock.schedule(timeoutMs, () => {
    timedOut = true;
    kill();
  });
  signal.addEventListener('abort', kill, { once: true });
  if (signal.aborted) kill();
  const exitCode = await exitCodeOf(spawned);
  cancelTimeout();
  signal.removeEventListener('abort', kill);
  const cancelDrain = deps.clock.schedule(drainMs, () => {
    for (const stream of spawned.outputs) stream.destroy();
  });
  const kept = await output;
  cancelDrain();
  return { exitCode, output: kept.toString('base64'), timedOut };
}

function exitCodeOf({ child }: Spawned): Promise<number> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) =>
      resolve(signal === null ? (code ?? 0) : 128 + constants.signals[signal]),
    );
  });
}

/** Everything is read, so that the command never blocks, and the first `maxBytes` are kept. */
async function collect(streams: readonly Readable[], maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let room = maxBytes;
  const closed = streams.map((stream) => {
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => {
      const kept = chunk.subarray(0, room);
      if (kept.length > 0) chunks.push(Buffer.from(kept));
      room -= kept.length;
    });
    return new Promise<void>((resolve) => stream.once('close', () => resolve()));
  });
  await Promise.all(closed);
  return Buffer.concat(chunks);
}
