import type { Instance, InstancePhase, InstanceSpec } from '../../providers/contract/index.ts';
import type { Action } from './actions.ts';
import { postStartAction, removeAction, stopAction } from './actions.ts';
import { diskLooks } from './disk.ts';
import type { Member } from './members.ts';
import { isPostStartPending, membersOf, runsByName } from './members.ts';
import { observeMembers, observeRuns } from './observing.ts';
import { probing } from './probing.ts';
import { endedAt, starting } from './starting.ts';
import type { RunnerState } from './state.ts';
import { isRunning } from './state.ts';
import { graceSeconds, stopping } from './stopping.ts';

export interface Plan {
  /** Every effect that should be under way now. */
  readonly actions: readonly Action[];
  /** The state of the instance as the node should see it. */
  readonly instance: Instance;
  /** Milliseconds since the epoch: the next time at which the plan changes by itself. Always after `now`. */
  readonly wakeAt?: number;
}

/**
 * The kubelet's semantics as one pure function: from what is wanted, what is there and the time to what should be
 * under way. Run again whenever one of them changes; the same plan twice does nothing twice.
 */
export function plan(spec: InstanceSpec, state: RunnerState, now: number): Plan {
  const members = membersOf(spec, state);
  const ending = endingDeadline(spec, members, state);
  const starts = ending === undefined ? starting(members, state.startErrors, now) : idle;
  const stops = stopping(spec, members, ending, now);
  const probes = probing(members, ending !== undefined, now);
  const looks = ending === undefined ? diskLooks(spec, state, now) : idle;
  const hooks = ending === undefined ? members.flatMap(postStart) : [];
  const wakes = [...starts.wakes, ...stops.wakes, ...probes.wakes, ...looks.wakes].filter((at) => at > now);
  const observations = observeMembers(spec, members, state, ending !== undefined, now);
  const waiting = observations
    .filter(({ kind }) => kind !== 'ephemeral')
    .map(({ state }) => state)
    .find((it) => it.kind === 'waiting' && it.message);
  const phase = phaseOf(state, ending !== undefined);
  return {
    actions: [
      ...starts.actions,
      ...hooks,
      ...stops.actions,
      ...probes.actions,
      ...looks.actions,
      ...members.flatMap((member) => tidy(spec, member, state)),
    ],
    instance: {
      ...instanceOf(state, phase),
      containers: observations,
      ...(phase === 'Pending' &&
        waiting?.kind === 'waiting' && { waiting: { reason: waiting.reason, message: waiting.message } }),
    },
    ...(wakes.length > 0 && { wakeAt: Math.min(...wakes) }),
  };
}

/** Without the spec nothing is started and nobody is judged; a stop still stops. */
export function planWithoutSpec(state: RunnerState, now: number): Plan {
  const { stop, sandbox } = state;
  const actions =
    stop === undefined
      ? []
      : sandbox.containers
          .filter((run) => isRunning(run) && isStopDue(state.runs.get(run.id)?.stoppedFor, stop.deadline))
          .map((run) => stopAction(run.id, graceSeconds(stop.deadline, now), stop.deadline));
  return {
    actions,
    instance: {
      ...instanceOf(state, phaseOf(state, stop !== undefined)),
      containers: [...runsByName(sandbox.containers).values()].flatMap(observeRuns),
    },
  };
}

const idle = { actions: [], wakes: [] };

function isStopDue(stoppedFor: number | undefined, deadline: number): boolean {
  return stoppedFor === undefined || deadline < stoppedFor;
}

/** When the last container must be dead, because the node asked for it or because the Pod's work is over. */
function endingDeadline(
  spec: InstanceSpec,
  members: readonly Member[],
  state: RunnerState,
): number | undefined {
  if (state.stop !== undefined) return state.stop.deadline;
  const ended = endedAt(members) ?? (state.phase === 'Stopped' ? 0 : undefined);
  return ended === undefined
    ? undefined
    : Math.max(ended, state.supervisedSince) + spec.terminationGracePeriodSeconds * 1000;
}

function postStart(member: Member): Action[] {
  const hook = member.spec.postStart;
  return hook !== undefined && member.last !== undefined && isPostStartPending(member)
    ? [postStartAction(member.last.id, hook)]
    : [];
}

/** Removes the runs that nobody can ask for any more; one that lives beside its successor is stopped first. */
function tidy(spec: InstanceSpec, member: Member, state: RunnerState): Action[] {
  const strays = [member.previous, ...member.older]
    .filter(isRunning)
    .filter((run) => state.runs.get(run.id)?.stoppedFor === undefined);
  return [
    ...strays.map((run) => stopAction(run.id, Math.max(2, spec.terminationGracePeriodSeconds), 0)),
    ...member.older.filter((run) => !isRunning(run)).map((run) => removeAction(run.id)),
  ];
}

const order: readonly InstancePhase[] = ['Pending', 'Running', 'Stopping', 'Stopped'];

function phaseOf(state: RunnerState, ending: boolean): InstancePhase {
  const { containers } = state.sandbox;
  const over = ending && !state.starting && !containers.some(isRunning);
  const next = over ? 'Stopped' : state.stop ? 'Stopping' : containers.length > 0 ? 'Running' : 'Pending';
  return order.indexOf(next) > order.indexOf(state.phase) ? next : state.phase;
}

function instanceOf(state: RunnerState, phase: InstancePhase): Omit<Instance, 'containers' | 'waiting'> {
  const { id, owner, createdAt, ips } = state.sandbox;
  const cause = phase === 'Stopped' && state.stopCause;
  return {
    ...{ ref: { id, podUid: owner.podUid }, owner, phase, createdAt, ips },
    ...(cause && { stopCause: cause }),
  };
}
