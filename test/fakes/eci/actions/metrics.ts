import { metricRecord } from '../group/metric-record.ts';
import { invalidParameter, missingParameter } from '../request/api-error.ts';
import type { Parameters } from '../request/parameters.ts';
import type { Action } from './action.ts';
import { namedGroup } from './action.ts';
import { maxIds } from './selection.ts';

const maxRecords = 50;

/** A row of measurements of one group. */
export const describeContainerGroupMetric: Action = (cloud, parameters) => {
  const group = namedGroup(cloud, parameters);
  const now = cloud.now();
  const asked = parameters.text('StartTime') !== undefined || parameters.text('EndTime') !== undefined;
  const end = Math.min(now, time(parameters, 'EndTime') ?? now);
  const start = Math.max(group.createdAt, time(parameters, 'StartTime') ?? end - 5 * 60_000);
  const period = Number(parameters.oneOf('Period', ['15', '30', '60', '600']) ?? (asked ? 60 : 15)) * 1000;
  const times: number[] = [];
  for (let at = Math.ceil(start / period) * period; at <= end && times.length < maxRecords; at += period)
    times.push(at);
  return { ContainerGroupId: group.id, Records: times.map((at) => metricRecord(group, at)) };
};

/** The newest measurement of each of several groups; those that run nothing have none. */
export const describeMultiContainerGroupMetric: Action = (cloud, parameters) => {
  const ids = parameters.jsonTexts('ContainerGroupIds', maxIds);
  if (ids === undefined) throw missingParameter('ContainerGroupIds');
  parameters.oneOf('MetricType', ['summary']);
  const groups = ids.flatMap((id) => cloud.find(id) ?? []);
  return {
    MonitorDatas: groups.map((group) => ({
      ContainerGroupId: group.id,
      Records: group.containers.some(({ running }) => running) ? [metricRecord(group, cloud.now())] : [],
    })),
  };
};

function time(parameters: Parameters, name: string): number | undefined {
  const text = parameters.text(name);
  const ms = text === undefined ? 0 : Date.parse(text);
  if (Number.isNaN(ms)) throw invalidParameter(name, 'RFC 3339 is wanted');
  return text === undefined ? undefined : ms;
}
