import type { ContainerGroup } from '../group/group.ts';
import { ApiError } from '../request/api-error.ts';
import { readVolumes } from '../request/read-volumes.ts';
import type { Action } from './action.ts';
import { namedGroup } from './action.ts';

/** All containers begin anew; the address stays. */
export const restartContainerGroup: Action = (cloud, parameters) => {
  const group = changeable(namedGroup(cloud, parameters));
  group.restart(cloud.now());
  return {};
};

/** Replaces the volumes that are named; containers begin anew only when the request names containers. */
export const updateContainerGroup: Action = (cloud, parameters) => {
  const group = changeable(namedGroup(cloud, parameters));
  parameters.oneOf('UpdateType', ['RenewUpdate', 'IncrementalUpdate']);
  group.update(cloud.now(), readVolumes(parameters), parameters.list('Container').length > 0);
  return {};
};

function changeable(group: ContainerGroup): ContainerGroup {
  if (group.status === 'Pending' || group.status === 'Running') return group;
  throw new ApiError(400, 'IncorrectStatus', `The status ${group.status} of ${group.id} does not allow it.`);
}
