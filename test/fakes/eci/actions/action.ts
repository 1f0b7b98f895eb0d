import type { FakeEciCloud } from '../cloud.ts';
import type { ContainerGroup } from '../group/group.ts';
import { unknownGroup } from '../request/api-error.ts';
import type { Parameters } from '../request/parameters.ts';

/** One action of the API: answers with the body, without RequestId. Throws ApiError. */
export type Action = (cloud: FakeEciCloud, parameters: Parameters) => object;

/** The group that `ContainerGroupId` names. */
export function namedGroup(cloud: FakeEciCloud, parameters: Parameters): ContainerGroup {
  const id = parameters.needText('ContainerGroupId');
  const group = cloud.find(id);
  if (group === undefined) throw unknownGroup(id);
  return group;
}
