import type {
  ContainerObservation,
  ContainerState,
  InstanceSpec,
  RuntimeContainer,
  TerminatedState,
} from '../../providers/contract/index.ts';
import type { Member } from './members.ts';
import { isPostStartPending, isReady, isStarted, nextRun } from './members.ts';
import { exitOf, goDuration, restartDelayMs, restartsAfter } from './restart.ts';
import { waitingFor } from './start-errors.ts';
import type { RunnerState } from './state.ts';
import { isRunning, shorten } from './state.ts';

/** All termination messages of a Pod together (kubelet status_manager.go, MaxPodTerminationMessageLogLength). */
const messageBudgetBytes = 12 * 1024;
const longestMessageBytes = 4096;

const kinds = { init: 'init', sidecar: 'init', regular: 'regular', ephemeral: 'ephemeral' } as const;

/** What the status says of every container of the spec, in its order. */
export function observeMembers(
  spec: InstanceSpec,
  members: readonly Member[],
  state: RunnerState,
  ending: boolean,
  now: number,
): ContainerObservation[] {
  const messageBytes = Math.min(longestMessageBytes, Math.floor(messageBudgetBytes / members.length));
  return members.map((member) => {
    const { last } = member;
    const observed = stateOf(spec, member, state, ending, now);
    const lastState = observed.kind === 'waiting' && exitOf(last) ? exitOf(last) : exitOf(member.previous);
    return {
      name: member.spec.name,
      kind: kinds[member.role],
      image: last?.image ?? member.spec.image,
      imageId: last?.imageId ?? '',
      id: last?.id ?? '',
      state: observed.kind === 'terminated' ? capped(observed, messageBytes) : observed,
      ...(lastState && { lastState: capped(lastState, messageBytes) }),
      restartCount: last?.run ?? 0,
      started: isStarted(member),
      ready: isReady(member) && member.role !== 'ephemeral',
    };
  });
}

/** What can be said without the spec: the runs, with nothing known of probes and roles. */
export function observeRuns(newestFirst: readonly RuntimeContainer[]): ContainerObservation[] {
  const [last, previous] = newestFirst;
  if (last === undefined) return [];
  const exit = exitOf(last);
  const lastState = exitOf(previous);
  return [
    {
      name: last.name,
      kind: 'regular',
      image: last.image,
      imageId: last.imageId,
      id: last.id,
      state: exit ?? runningState(last),
      ...(lastState && { lastState }),
      restartCount: last.run,
      started: isRunning(last),
      ready: isRunning(last),
    },
  ];
}

/**
 * Waiting with a reason when the next run is held up, and the ended run then moves to lastState; an ended run that is
 * restarted at once stays visible until it is (kubelet_pods.go convertToAPIContainerStatuses).
 */
function stateOf(
  spec: InstanceSpec,
  member: Member,
  state: RunnerState,
  ending: boolean,
  now: number,
): ContainerState {
  const { last, memory } = member;
  const creating = spec.initContainers.length > 0 ? 'PodInitializing' : 'ContainerCreating';
  if (isRunning(last)) {
    if (isPostStartPending(member)) return { kind: 'waiting', reason: creating, message: '' };
    return typeof memory.postStart === 'object'
      ? { kind: 'waiting', reason: 'PostStartHookError', message: memory.postStart.message }
      : runningState(last);
  }
  const exit = exitOf(last);
  const held = exit !== undefined && (ending || !restartsAfter(member, exit));
  if (held) return exit;
  const error = state.startErrors.get(member.spec.name);
  if (error !== undefined && error.run === nextRun(member)) return waitingFor(error, member.spec.image, now);
  if (last === undefined || exit === undefined) return { kind: 'waiting', reason: creating, message: '' };
  const delayMs = restartDelayMs(last, member.previous);
  if (delayMs === 0) return exit;
  const { owner } = state.sandbox;
  return {
    kind: 'waiting',
    reason: 'CrashLoopBackOff',
    message: `back-off ${goDuration(delayMs)} restarting failed container=${member.spec.name} pod=${owner.name}_${owner.namespace}(${owner.podUid})`,
  };
}

function runningState(run: RuntimeContainer): ContainerState {
  return { kind: 'running', startedAt: run.state.kind === 'running' ? run.state.startedAt : '' };
}

function capped(exit: TerminatedState, maxBytes: number): TerminatedState {
  return { ...exit, message: shorten(exit.message, maxBytes) };
}
