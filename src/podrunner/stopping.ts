import type { InstanceSpec } from '../../providers/contract/index.ts';
import type { Action } from './actions.ts';
import { preStopAction, stopAction } from './actions.ts';
import type { Member } from './members.ts';
import { isMain } from './members.ts';
import { isRunning } from './state.ts';

/** SIGKILL never follows SIGTERM sooner (kuberuntime_container.go minimumGracePeriodInSeconds). */
const leastGraceSeconds = 2;

export interface Stops {
  readonly actions: readonly Action[];
  readonly wakes: readonly number[];
}

/**
 * What should be stopped now, and how: preStop hook first, inside the grace period, then SIGTERM with what is left of
 * it. `ending` is the deadline of the whole Pod: regular and ephemeral containers all at once, and when the regular ones
 * have ended the sidecars in reverse order, each when its turn comes or the deadline passes; their hooks do not wait (kuberuntime_termination_order.go).
 * Without it only those are stopped that failed a hook or a probe.
 */
export function stopping(
  spec: InstanceSpec,
  members: readonly Member[],
  ending: number | undefined,
  now: number,
): Stops {
  const actions: Action[] = [];
  const wakes: number[] = [];
  let laterLive = members.some((member) => isMain(member) && isRunning(member.last));
  for (const member of members.toReversed()) {
    const fault = faultDeadline(spec, member);
    const deadline = earlier(ending, fault);
    if (isRunning(member.last) && deadline !== undefined) {
      const turn = member.role !== 'sidecar' || fault !== undefined || !laterLive;
      stopOne(member, member.last.id, deadline, turn);
    }
    if (member.role === 'sidecar' && isRunning(member.last)) laterLive = true;
  }
  return { actions, wakes };

  function stopOne(member: Member, containerId: string, deadline: number, turn: boolean): void {
    const { preStop } = member.spec;
    const { stoppedFor } = member.memory;
    if (now < deadline && stoppedFor === undefined) {
      const hooked = preStop === undefined || member.memory.preStop === 'done';
      if (!hooked) actions.push(preStopAction(containerId, preStop, deadline - now));
      if (!hooked || !turn) {
        wakes.push(deadline);
        return;
      }
    }
    if (stoppedFor !== undefined && stoppedFor <= deadline) return;
    actions.push(stopAction(containerId, graceSeconds(deadline, now), deadline));
  }
}

export function graceSeconds(deadline: number, now: number): number {
  return Math.max(leastGraceSeconds, Math.ceil((deadline - now) / 1000));
}

/** By when a container must be dead that failed its postStart hook, startup or liveness probe. */
function faultDeadline(spec: InstanceSpec, member: Member): number | undefined {
  const { postStart, startup, liveness } = member.memory;
  const podGraceMs = spec.terminationGracePeriodSeconds * 1000;
  let deadline = typeof postStart === 'object' ? postStart.failedAt + podGraceMs : undefined;
  for (const [memory, probe] of [
    [startup, member.spec.startupProbe],
    [liveness, member.spec.livenessProbe],
  ] as const) {
    if (memory?.result !== 'failure' || memory.resultAt === undefined) continue;
    const ownMs = probe?.terminationGracePeriodSeconds;
    deadline = earlier(deadline, memory.resultAt + (ownMs === undefined ? podGraceMs : ownMs * 1000));
  }
  return deadline;
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.min(a, b);
}
