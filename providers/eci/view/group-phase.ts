import type { InstancePhase, StopCause } from '../../contract/index.ts';
import type { Group, GroupEvent } from '../api/eci-api.ts';

/** …/user-guide/lifecycle-of-an-elastic-container-instance. Restarting and Updating begin only by other hands. */
const phases: Readonly<Record<string, InstancePhase>> = {
  Scheduling: 'Pending',
  Pending: 'Pending',
  Running: 'Running',
  Restarting: 'Running',
  Updating: 'Running',
  Terminating: 'Stopping',
  Succeeded: 'Stopped',
  Failed: 'Stopped',
  Expired: 'Stopped',
  ScheduleFailed: 'Stopped',
};

const rank: readonly InstancePhase[] = ['Pending', 'Running', 'Stopping', 'Stopped'];

/** A status that is new to us says nothing: the instance stays what it was. */
export function phaseOf(status: string | undefined, isBegun: boolean): InstancePhase {
  const phase = phases[status ?? ''] ?? 'Pending';
  return phase === 'Pending' && isBegun ? 'Running' : phase;
}

/** An instance only ever moves on, whatever order the answers come in. */
export function laterOf(one: InstancePhase, other: InstancePhase): InstancePhase {
  return rank.indexOf(one) > rank.indexOf(other) ? one : other;
}

/**
 * Reasons for which another size or zone would not do either (…/custom-events-of-elastic-container-instance). All others
 * of a group that was not scheduled are a matter of what is to be had here and now.
 */
const hopeless: readonly string[] = ['CpuOptionsNotSupported', 'CpuOptionsNotValid', 'AttachDiskFailed'];
/** What befalls the machine below. */
const systemFailure = /^(SYSTEM_FAILURE|SystemFailure|StartingFailed|SystemReboot|InstanceFailure)/;

/** Why it stopped, when it was neither its containers that ended nor the node that asked for it. */
export function stopCauseOf(group: Group, hasExit: boolean): StopCause | undefined {
  const warning = lastWarning(group.events);
  const message = warning?.message;
  switch (group.status) {
    case 'Expired':
      return {
        kind: 'Interrupted',
        reason: 'BidFailed',
        message: message ?? 'the spot market took the instance back',
      };
    case 'ScheduleFailed': {
      const reason = warning?.reason ?? 'ScheduleFailed';
      const kind = hopeless.includes(reason) ? 'Failed' : 'OutOfStock';
      return { kind, reason, message: message ?? 'no place was found for the instance' };
    }
    case 'Failed': {
      const failure = group.events?.findLast(({ reason = '' }) => systemFailure.test(reason));
      if (failure === undefined && hasExit) return undefined;
      return {
        kind: 'Failed',
        reason: failure?.reason ?? warning?.reason ?? 'ContainerGroupFailed',
        message: failure?.message ?? message ?? 'the instance failed before its containers could end',
      };
    }
    default:
      return undefined;
  }
}

function lastWarning(events: readonly GroupEvent[] = []): GroupEvent | undefined {
  return events.findLast(({ type }) => type === 'Warning');
}
