import type { ContainerState } from '../../../../providers/contract/index.ts';
import type { ContainerGroup } from './group.ts';

/** Why a container that was never started waits. */
export function waitingReason(group: ContainerGroup): string {
  if (group.missingImage !== undefined) return 'ImagePullBackOff';
  return group.pulled && group.initContainers.length > 0 ? 'PodInitializing' : 'ContainerCreating';
}

/** A state as DescribeContainerGroups shows it. */
export function containerState(state: ContainerState): object {
  if (state.kind === 'waiting')
    return { State: 'Waiting', DetailStatus: state.reason, Reason: state.reason, Message: state.message };
  if (state.kind === 'running')
    return { State: 'Running', DetailStatus: '', StartTime: second(state.startedAt) };
  return {
    State: 'Terminated',
    DetailStatus: state.reason,
    Reason: state.reason,
    Message: state.message,
    ExitCode: state.exitCode,
    Signal: state.signal,
    StartTime: second(state.startedAt),
    FinishTime: second(state.finishedAt),
  };
}

/** A state as DescribeContainerGroupStatus shows it, with the key of a start that the SDK's model has. */
export function statusState(state: ContainerState): object {
  if (state.kind === 'waiting') return { Waiting: { Reason: state.reason, Message: state.message } };
  if (state.kind === 'running') return { Running: { StartedAtstartedAt: second(state.startedAt) } };
  return {
    Terminated: {
      ContainerID: `containerd://${state.containerId}`,
      ExitCode: state.exitCode,
      Signal: state.signal,
      Reason: state.reason,
      Message: state.message,
      StartedAt: second(state.startedAt),
      FinishedAt: second(state.finishedAt),
    },
  };
}

function second(time: string): string {
  return time.replace(/\.\d+Z$/, 'Z');
}
