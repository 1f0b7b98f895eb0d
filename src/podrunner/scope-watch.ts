import type { ContainerRuntime, OwnerScope, SandboxListener } from '../../providers/contract/index.ts';
import { backoffMs } from '../telemetry/backoff.ts';
import type { Clock } from '../telemetry/clock.ts';
import { pause } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { messageOf } from './checks/checker.ts';

/** An observation that held this long was a good one: the next failure is tried again at once. */
const goodAfterMs = 60_000;

export interface ScopeWatchDeps {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly listener: SandboxListener;
  /** Lists after the observation began, for what changed before. */
  readonly refresh: (scope: OwnerScope, signal: AbortSignal) => Promise<void>;
}

/** Observes one scope of the runtime until the signal fires, anew with back-off whenever it breaks. Never rejects. */
export async function watchScope(
  deps: ScopeWatchDeps,
  scope: OwnerScope,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const began = deps.clock.now();
    const round = new AbortController();
    const both = AbortSignal.any([signal, round.signal]);
    try {
      const observing = deps.runtime.observe(scope, deps.listener, both);
      await Promise.race([observing, deps.refresh(scope, both).then(() => observing)]);
      if (signal.aborted) return;
      deps.log.warn({ runtime: deps.runtime.name }, 'the runtime stopped reporting, observing anew');
    } catch (error) {
      if (signal.aborted) return;
      const fields = { runtime: deps.runtime.name, err: messageOf(error) };
      deps.log.warn(fields, 'cannot observe the runtime, will try again');
    } finally {
      round.abort();
    }
    failures = deps.clock.now() - began > goodAfterMs ? 0 : failures + 1;
    await pause(deps.clock, backoffMs(failures, 500, 30_000, deps.random), signal);
  }
}
