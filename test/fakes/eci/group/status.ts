export type GroupStatus =
  | 'Scheduling'
  | 'Pending'
  | 'Running'
  | 'Restarting'
  | 'Updating'
  | 'Terminating'
  | 'Succeeded'
  | 'Failed'
  | 'Expired'
  | 'ScheduleFailed';

export const terminalStatuses: readonly GroupStatus[] = ['Succeeded', 'Failed', 'Expired', 'ScheduleFailed'];

/** The phase that the vendor shows for each status. */
export const podPhases: Readonly<Record<GroupStatus, string>> = {
  Scheduling: 'Pending',
  Pending: 'Pending',
  Running: 'Running',
  Restarting: 'Pending',
  Updating: 'Pending',
  Terminating: 'Running',
  Succeeded: 'Succeeded',
  Failed: 'Failed',
  Expired: 'Failed',
  ScheduleFailed: 'Failed',
};
