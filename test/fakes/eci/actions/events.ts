import type { ContainerGroup } from '../group/group.ts';
import type { GroupEvent } from '../group/group-event.ts';
import { apiTime } from '../group/times.ts';
import type { Action } from './action.ts';
import { selected } from './selection.ts';

const maxPage = 200;

/** The newest events of each group. There is no NextToken. SinceSecond is about the events, not about the groups. */
export const describeContainerGroupEvents: Action = (cloud, parameters) => {
  const source = parameters.oneOf('EventSource', ['EciService', 'K8sAgent']);
  const limit = parameters.integer('Limit', 1, maxPage) ?? maxPage;
  const since = parameters.integer('SinceSecond', 0);
  const from = since === undefined ? Number.NEGATIVE_INFINITY : cloud.now() - since * 1000;
  const shows = (event: GroupEvent): boolean =>
    event.at >= from && (source === undefined || event.source === source);
  const groups = selected(cloud, parameters);
  return {
    TotalCount: groups.length,
    Data: groups.slice(0, limit).map((group) => ({
      ContainerGroupId: group.id,
      Name: group.spec.name,
      Namespace: 'default',
      uuid: group.id,
      Annotations: '{}',
      Events: group.events.all.filter(shows).map((event) => eventView(group, event)),
    })),
  };
};

function eventView(group: ContainerGroup, { at, message, reason, source, type }: GroupEvent): object {
  const { name } = group.spec;
  return {
    Type: type,
    Reason: reason,
    Message: message,
    Count: 1,
    FirstTimestamp: apiTime(at),
    LastTimestamp: apiTime(at),
    Source: { Component: source },
    Metadata: { Name: `${name}.${reason.toLowerCase()}`, Namespace: 'default' },
    involvedObject: { ApiVersion: 'v1', Kind: 'Pod', Name: name, Namespace: 'default', Uid: group.id },
  };
}
