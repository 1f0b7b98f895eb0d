import { groupView } from '../group/group-view.ts';
import type { Action } from './action.ts';
import { page, selected } from './selection.ts';

const maxPage = 20;

export const describeContainerGroups: Action = (cloud, parameters) => {
  const name = parameters.text('ContainerGroupName');
  const status = parameters.text('Status');
  const withEvents = parameters.flag('WithEvent') ?? false;
  const limit = parameters.integer('Limit', 1, maxPage) ?? maxPage;
  const groups = selected(cloud, parameters).filter(
    (group) =>
      (name === undefined || group.spec.name === name) && (status === undefined || group.status === status),
  );
  const { groups: shown, nextToken } = page(cloud, parameters, groups, limit);
  return {
    ContainerGroups: shown.map((group) => groupView(group, { region: cloud.region, withEvents })),
    TotalCount: groups.length,
    NextToken: nextToken,
  };
};
