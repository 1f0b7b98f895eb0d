import { ApiError } from '../request/api-error.ts';
import type { Action } from './action.ts';
import { namedGroup } from './action.ts';

/** A terminal group is forgotten at once; others end their containers first. */
export const deleteContainerGroup: Action = (cloud, parameters) => {
  const group = namedGroup(cloud, parameters);
  const force = parameters.flag('Force') ?? false;
  if (group.status === 'Terminating' && !force)
    throw new ApiError(
      400,
      'OperationConflict',
      'Request was denied due to conflict with a previous request.',
    );
  group.delete(cloud.now(), force);
  return {};
};
