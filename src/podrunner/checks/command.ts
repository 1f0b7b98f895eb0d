import { Writable } from 'node:stream';
import type { ContainerRuntime } from '../../../providers/contract/index.ts';
import type { Clock } from '../../telemetry/clock.ts';
import { bounded } from '../bounded.ts';

export interface CommandDeps {
  readonly runtime: Pick<ContainerRuntime, 'exec'>;
  readonly clock: Clock;
}

export interface CommandLimits {
  readonly timeoutMs: number;
  /** Bytes of stdout and stderr together that are kept; the rest is read and dropped. */
  readonly maxOutputBytes: number;
}

export interface CommandResult {
  /** That of SIGKILL when the command was killed at its time limit. */
  readonly exitCode: number;
  readonly output: Buffer;
  readonly timedOut: boolean;
}

const killedCode = 137;

/** What a runtime may take to kill a command at its time limit before the call itself counts as failed. */
const killMs = 5_000;

/**
 * Runs a command in a container, without input, as a probe or a hook does. Rejects when the runtime failed, and when
 * `signal` fires; the command is killed then, as it is at its time limit.
 */
export async function runCommand(
  { runtime, clock }: CommandDeps,
  target: { readonly sandboxId: string; readonly containerId: string },
  command: readonly string[],
  { timeoutMs, maxOutputBytes }: CommandLimits,
  signal: AbortSignal,
): Promise<CommandResult> {
  const kept = new Head(maxOutputBytes);
  const late = new AbortController();
  const cancel = clock.schedule(timeoutMs, () => late.abort(new Error('the time limit of the command')));
  try {
    return await bounded(clock, timeoutMs + killMs, signal, run);
  } finally {
    cancel();
  }

  async function run(given: AbortSignal): Promise<CommandResult> {
    try {
      const exitCode = await runtime.exec(
        target.sandboxId,
        target.containerId,
        { command, tty: false },
        { stdout: kept.sink(), stderr: kept.sink() },
        AbortSignal.any([given, late.signal]),
      );
      if (!late.signal.aborted) return { exitCode, output: kept.bytes, timedOut: false };
    } catch (error) {
      // After the limit, whatever is said of the end is about the kill.
      if (!late.signal.aborted) throw error;
    }
    return { exitCode: killedCode, output: kept.bytes, timedOut: true };
  }
}

/** Keeps the first bytes of what is written to its sinks. */
class Head {
  readonly #chunks: Buffer[] = [];
  #room: number;

  constructor(maxBytes: number) {
    this.#room = maxBytes;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  sink(): Writable {
    return new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        if (this.#room > 0) this.#chunks.push(chunk.subarray(0, this.#room));
        this.#room -= chunk.length;
        done();
      },
    });
  }
}
