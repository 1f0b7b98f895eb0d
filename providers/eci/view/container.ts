import type { ContainerObservation, ContainerState, TerminatedState } from '../../contract/index.ts';
import type { GroupContainer, GroupStatus } from '../api/eci-api.ts';
import { apiTime } from './times.ts';

type Side = Pick<
  GroupContainer,
  'name' | 'image' | 'currentState' | 'previousState' | 'ready' | 'restartCount'
>;
type ApiState = NonNullable<Side['currentState']>;
type ContainerStatus = NonNullable<NonNullable<GroupStatus['podStatus']>['containerStatuses']>[number];

const epoch = '1970-01-01T00:00:00.000Z';

/** One container of a group as the contract sees it. `status` adds what only the other call knows. */
export function containerView(
  groupId: string,
  kind: 'init' | 'regular',
  container: Side,
  status: ContainerStatus | undefined,
): ContainerObservation {
  const { name = '', image = '', currentState = {}, previousState, ready, restartCount = 0 } = container;
  // The API names a run of a container only once it has ended; these names hold from its start, in every answer.
  const runId = (run: number): string => `${groupId}-${name}-${run}`;
  const state = stateOf(currentState, runId(restartCount));
  const wasRun = state.kind !== 'waiting' || restartCount > 0 || hasEnded(previousState);
  // While it waits for its restart, the run that ended is still the one that is counted.
  const lastRun = state.kind === 'waiting' ? restartCount : restartCount - 1;
  const isRunning = state.kind === 'running';
  return {
    name,
    kind,
    image,
    imageId: status?.imageID ?? '',
    id: wasRun ? runId(restartCount) : '',
    state,
    ...(previousState && hasEnded(previousState) && { lastState: terminated(previousState, runId(lastRun)) }),
    restartCount,
    started: isRunning,
    ready: isRunning && ready === true,
  };
}

function hasEnded(state: ApiState | undefined): boolean {
  return state?.state === 'Terminated';
}

function stateOf(state: ApiState, id: string): ContainerState {
  if (state.state === 'Running') return { kind: 'running', startedAt: apiTime(state.startTime) ?? epoch };
  if (hasEnded(state)) return terminated(state, id);
  const reason = state.reason || state.detailStatus || 'ContainerCreating';
  return { kind: 'waiting', reason, message: state.message ?? '' };
}

function terminated(state: ApiState, containerId: string): TerminatedState {
  const { exitCode = 0, signal = 0, message = '' } = state;
  const code = exitCode === 0 && signal > 0 ? 128 + signal : exitCode;
  const finishedAt = apiTime(state.finishTime) ?? epoch;
  return {
    kind: 'terminated',
    exitCode: code,
    ...(signal > 0 && { signal }),
    reason: state.reason || state.detailStatus || (code === 0 ? 'Completed' : 'Error'),
    message,
    startedAt: apiTime(state.startTime) ?? finishedAt,
    finishedAt,
    containerId,
  };
}
