import { statusState, waitingReason } from './container-view.ts';
import type { ContainerGroup } from './group.ts';
import { podPhases } from './status.ts';
import { apiTime } from './times.ts';

/** A group as DescribeContainerGroupStatus shows it. Condition keys are partly in lower case, as in the SDK's model. */
export function statusView(group: ContainerGroup): object {
  const placed = group.billedFrom !== undefined;
  return {
    ContainerGroupId: group.id,
    Name: group.spec.name,
    Namespace: 'default',
    Status: group.status,
    uuid: group.id,
    Annotations: '{}',
    PodStatus: {
      Phase: podPhases[group.status],
      PodIp: placed ? group.ip : undefined,
      PodIps: placed ? [{ Ip: group.ip }] : [],
      HostIp: placed ? group.ip : undefined,
      QosClass: 'Guaranteed',
      StartTime: group.billedFrom === undefined ? undefined : apiTime(group.billedFrom),
      Conditions: conditions(group),
      ContainerStatuses: group.containers.map((machine) => {
        const { image, ready, restartCount, started, state, lastState } = machine.observe(
          waitingReason(group),
        );
        return {
          Name: machine.name,
          Image: image,
          ImageID: '',
          Ready: ready,
          RestartCount: restartCount,
          Started: started,
          State: statusState(state),
          LastState: lastState === undefined ? undefined : statusState(lastState),
        };
      }),
    },
  };
}

function conditions(group: ContainerGroup): object[] {
  const { billedFrom, createdAt, placement } = group;
  const initialized = group.initContainers.every((machine) => machine.succeeded) && group.pulled;
  const ready = group.containers.every((machine) => machine.observe('').ready);
  const condition = (type: string, status: boolean, at: number, reason = '', message = ''): object => ({
    type,
    status: status ? 'True' : 'False',
    lastTransitionTime: apiTime(at),
    Reason: reason,
    Message: message,
  });
  const changed = group.changedAt;
  if (billedFrom === undefined) {
    const refused = group.terminal && 'refused' in placement;
    const why: [string, string] = refused ? [placement.refused, placement.message] : ['Creating', 'Creating'];
    return [
      condition('PodScheduled', false, createdAt),
      condition('ContainerInstanceCreated', false, refused ? changed : createdAt, ...why),
    ];
  }
  const notice = group.events.all.findLast(({ reason }) => reason === 'SpotToBeReleased');
  return [
    condition('PodScheduled', true, billedFrom),
    notice === undefined
      ? condition('ContainerInstanceCreated', true, billedFrom)
      : condition('ContainerInstanceCreated', true, notice.at, notice.reason, notice.message),
    condition('Initialized', initialized, initialized ? (group.since('Running') ?? changed) : billedFrom),
    condition('ContainersReady', ready, changed),
    condition('Ready', ready, changed),
  ];
}
