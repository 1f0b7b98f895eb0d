import type { Action } from './actions.ts';
import { startAction } from './actions.ts';
import type { Member } from './members.ts';
import { isPostStartPending, isStarted, nextRun } from './members.ts';
import { exitOf, finishedMs, restartDelayMs, restartsAfter } from './restart.ts';
import { nextChange } from './start-errors.ts';
import type { StartError } from './state.ts';
import { isRunning } from './state.ts';

export interface Starts {
  readonly actions: readonly Action[];
  /** Times at which another container may start. */
  readonly wakes: readonly number[];
}

/**
 * What should start now. Init containers go one by one, the next after exit 0 or, behind a sidecar, once that has
 * started; what was reached once stays reached, so a sidecar that crashes later is restarted beside the rest. Then
 * the regular ones in order, each waiting for the postStart hook of those before it, not for their back-off
 * (kuberuntime_container.go computeInitContainerActions, kuberuntime_manager.go SyncPod).
 */
export function starting(
  members: readonly Member[],
  errors: ReadonlyMap<string, StartError>,
  now: number,
): Starts {
  const actions: Action[] = [];
  const wakes: number[] = [];
  /** True when the container is being started now. */
  const want = (member: Member): boolean => {
    if (isRunning(member.last)) return false;
    const exit = exitOf(member.last);
    if (exit !== undefined && !restartsAfter(member, exit)) return false;
    const run = nextRun(member);
    const error = errors.get(member.spec.name);
    const failed = error?.run === run ? error : undefined;
    const at = Math.max(earliestMs(member), failed?.retryAt ?? 0);
    if (at > now) wakes.push(failed === undefined ? at : Math.min(at, nextChange(failed, now)));
    else actions.push(startAction(member.spec, run));
    return at <= now;
  };

  // Beside all the rest: they may be there to find out why an init container does not end.
  for (const member of members) if (member.role === 'ephemeral') want(member);
  const inits = members.filter((member) => member.role === 'init' || member.role === 'sidecar');
  const regulars = members.filter((member) => member.role === 'regular');
  const initialised = regulars.some((member) => member.last !== undefined);
  const reached = Math.max(
    0,
    inits.findLastIndex((member) => member.last !== undefined),
  );
  const current = inits[reached];
  let frontier = initialised ? inits.length : reached;
  if (!initialised && current !== undefined && isPassed(current)) frontier++;
  for (const member of inits.slice(0, frontier)) if (member.role === 'sidecar') want(member);
  const blocking = inits[frontier];
  if (blocking !== undefined) {
    want(blocking);
    return { actions, wakes };
  }
  if (regulars.some(isPostStartPending)) return { actions, wakes };
  // Each has its first start before one that failed meanwhile has its second.
  const first = regulars.filter(({ last }) => last === undefined);
  for (const member of [...first, ...regulars.filter(({ last }) => last !== undefined)])
    if (want(member)) break;
  return { actions, wakes };
}

/**
 * When the Pod came to its end by itself: an init container failed for good, or all regular containers ended for good.
 * Milliseconds since the epoch; undefined while it goes on.
 */
export function endedAt(members: readonly Member[]): number | undefined {
  const failed = members.find((member) => member.role === 'init' && isFailedForGood(member));
  if (failed !== undefined) return endOf(failed);
  const ends = members.filter((member) => member.role === 'regular').map(endOf);
  return ends.every((end) => end !== undefined) ? Math.max(...ends) : undefined;
}

/** The time before which `member` must not start again, by its back-off alone. */
function earliestMs(member: Member): number {
  const exit = exitOf(member.last);
  if (member.last === undefined || exit === undefined) return 0;
  return finishedMs(exit) + restartDelayMs(member.last, member.previous);
}

function isPassed(member: Member): boolean {
  return member.role === 'sidecar' ? isStarted(member) : exitOf(member.last)?.exitCode === 0;
}

function isFailedForGood(member: Member): boolean {
  return endOf(member) !== undefined && exitOf(member.last)?.exitCode !== 0;
}

/** When the container ended for good. */
function endOf(member: Member): number | undefined {
  const exit = exitOf(member.last);
  return exit === undefined || restartsAfter(member, exit) ? undefined : finishedMs(exit);
}
