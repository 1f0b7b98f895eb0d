import { statusView } from '../group/status-view.ts';
import type { Action } from './action.ts';
import { page, selected } from './selection.ts';

const maxPage = 200;

export const describeContainerGroupStatus: Action = (cloud, parameters) => {
  const limit = parameters.integer('Limit', 1, maxPage) ?? maxPage;
  const groups = selected(cloud, parameters);
  const { groups: shown, nextToken } = page(cloud, parameters, groups, limit);
  return { Data: shown.map(statusView), TotalCount: groups.length, NextToken: nextToken };
};
