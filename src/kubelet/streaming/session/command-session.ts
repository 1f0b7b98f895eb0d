import type { ProcessStreams } from '../../../../providers/contract/index.ts';
import type { Status } from '../../../kube/types.ts';
import type { Clock } from '../../../telemetry/clock.ts';
import type { Log } from '../../../telemetry/log.ts';
import type { CommandClient } from './client.ts';
import { SessionLife } from './session-life.ts';
import { exitStatus, internalError, success } from './status.ts';

export interface CommandSessionDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly client: CommandClient;
  /** Fires when the server closes. */
  readonly closing: AbortSignal;
}

/** What the session runs: a command that returns its exit code, or a connection to a process that runs anyway. */
export type CommandCall =
  | {
      readonly kind: 'exec';
      readonly run: (streams: ProcessStreams, signal: AbortSignal) => Promise<number>;
    }
  | {
      readonly kind: 'attach';
      readonly run: (streams: ProcessStreams, signal: AbortSignal) => Promise<void>;
    };

/**
 * One session of exec or attach, from the first byte to the last. The status is sent after all output, and says success
 * only when the provider did. Never rejects.
 */
export async function runCommandSession(deps: CommandSessionDeps, call: CommandCall): Promise<void> {
  const { client, log } = deps;
  const life = new SessionLife(deps);
  try {
    const status = await statusOf(life, client.streams, call);
    if (client.gone.aborted) return;
    if (status.reason === 'InternalError')
      log.warn({ session: call.kind, error: status.message }, 'a session failed');
    await client.finish(status);
  } finally {
    life.close();
  }
}

async function statusOf(life: SessionLife, streams: ProcessStreams, call: CommandCall): Promise<Status> {
  if (call.kind === 'exec') {
    const result = await life.run((signal) => call.run(streams, signal));
    if (result.kind === 'returned') return exitStatus(result.value);
    return internalError(`error executing command in container: ${wordsOf(result.error)}`);
  }
  const result = await life.run((signal) => call.run(streams, signal));
  if (result.kind === 'returned') return success;
  return internalError(`error attaching to container: ${wordsOf(result.error)}`);
}

export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
