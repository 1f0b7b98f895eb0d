import type { Action } from './action.ts';
import { restartContainerGroup, updateContainerGroup } from './change.ts';
import { createContainerGroup } from './create.ts';
import { deleteContainerGroup } from './delete.ts';
import { describeContainerGroups } from './describe-groups.ts';
import { describeContainerGroupStatus } from './describe-status.ts';
import { describeContainerGroupEvents } from './events.ts';
import { execContainerCommand } from './exec.ts';
import { describeContainerLog } from './log.ts';
import { describeContainerGroupMetric, describeMultiContainerGroupMetric } from './metrics.ts';
import { describeContainerGroupPrice } from './price.ts';
import { describeAvailableResource, describeRegions, listUsage } from './region.ts';

/** Every action that the fake knows, by its name on the wire. */
export const actions: ReadonlyMap<string, Action> = new Map([
  ['CreateContainerGroup', createContainerGroup],
  ['DeleteContainerGroup', deleteContainerGroup],
  ['DescribeAvailableResource', describeAvailableResource],
  ['DescribeContainerGroupEvents', describeContainerGroupEvents],
  ['DescribeContainerGroupMetric', describeContainerGroupMetric],
  ['DescribeContainerGroupPrice', describeContainerGroupPrice],
  ['DescribeContainerGroups', describeContainerGroups],
  ['DescribeContainerGroupStatus', describeContainerGroupStatus],
  ['DescribeContainerLog', describeContainerLog],
  ['DescribeMultiContainerGroupMetric', describeMultiContainerGroupMetric],
  ['DescribeRegions', describeRegions],
  ['ExecContainerCommand', execContainerCommand],
  ['ListUsage', listUsage],
  ['RestartContainerGroup', restartContainerGroup],
  ['UpdateContainerGroup', updateContainerGroup],
]);
