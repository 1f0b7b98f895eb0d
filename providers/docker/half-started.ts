import type { ProviderClock } from '../contract/clock.ts';
import { delay } from '../contract/clock.ts';
import type { Engine } from './engine/engine.ts';
import { EngineError, hasStatus } from './engine/errors.ts';
import { processesOf } from './streams/session-processes.ts';

const lookMs = 50;

/**
 * What an engine says of a container that it was starting when it was killed. It cannot start that one any more, and what
 * runs in it already it has forgotten: removing the container would leave that running.
 */
export function isHalfStarted(error: unknown): boolean {
  return error instanceof EngineError && /already exists|id already in use/i.test(error.message);
}

/** Ends what runs in such a container, where its processes are on this machine and this process may signal them. */
export async function endHalfStarted(
  { engine, clock }: { readonly engine: Engine; readonly clock: ProviderClock },
  container: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    const { Id } = await engine.inspect(container, signal);
    for (;;) {
      const pids = await processesOf(Id);
      if (pids.length === 0) return;
      for (const pid of pids) process.kill(pid, 'SIGKILL');
      await delay(clock, lookMs, signal);
      signal.throwIfAborted();
    }
  } catch (error) {
    if (hasStatus(error, 404) || isSignalError(error)) return;
    throw error;
  }
}

/** EPERM, or ESRCH when it has ended meanwhile. */
function isSignalError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && error.syscall === 'kill';
}
