import type { Billing, ContainerObservation, Instance, Ownership } from '../../contract/index.ts';
import { ownershipFromTags } from '../../contract/index.ts';
import type { Group, GroupStatus } from '../api/eci-api.ts';
import { containerView } from './container.ts';
import { atRest, unknownEnd } from './end.ts';
import { phaseOf, stopCauseOf } from './group-phase.ts';
import { apiTime } from './times.ts';
import { writtenBack } from './written-back.ts';

/** Tells of the end of a spot instance some minutes before (…/custom-events-of-elastic-container-instance). */
const interruptionReason = 'SpotToBeReleased';

/** Undefined when it does not carry the marks of Burstlet: then it is not ours to touch. */
export function ownerOf({ tags = [] }: Pick<Group, 'tags'>): Ownership | undefined {
  return ownershipFromTags(Object.fromEntries(tags.map(({ key = '', value }) => [key, value])));
}

/** A group as the contract sees it, from the answers of DescribeContainerGroups and, where it was asked, of its status. */
export function instanceView(group: Group, owner: Ownership, status: GroupStatus | undefined): Instance {
  const id = group.containerGroupId ?? '';
  const statuses = status?.podStatus?.containerStatuses ?? [];
  const statusOf = (name: string | undefined) => statuses.find((each) => each.name === name);
  const containers: ContainerObservation[] = [
    ...(group.initContainers ?? []).map((each) => containerView(id, 'init', each, undefined)),
    ...(group.containers ?? []).map((each) => containerView(id, 'regular', each, statusOf(each.name))),
  ];
  const isBegun = containers.some(({ id: run }) => run !== '');
  const phase = phaseOf(group.status, isBegun);
  const hasExit = containers.some(({ state }) => state.kind === 'terminated' && state.exitCode !== 0);
  const stopCause = stopCauseOf(group, hasExit);
  const waiting = phase === 'Pending' ? waitingFor(group) : undefined;
  const interruption = phase === 'Stopped' ? undefined : interruptionOf(group, status);
  const billing = billingOf(group, status);
  return {
    ref: { id, podUid: owner.podUid },
    owner,
    phase,
    createdAt: apiTime(group.creationTime) ?? '',
    ips: [group.intranetIp, group.ipv6Address].filter((ip): ip is string => Boolean(ip)),
    containers: phase === 'Stopped' ? atRest(containers, endOf(group), unknownEnd) : containers,
    ...(stopCause && { stopCause }),
    ...(waiting && { waiting }),
    ...(interruption && { interruption }),
    ...(billing && { billing }),
    annotations: writtenBack(group),
  };
}

function waitingFor({ status, events = [] }: Group): Instance['waiting'] {
  const event = events.at(-1);
  const usual =
    status === 'Scheduling'
      ? { reason: 'Scheduling', message: 'waiting for capacity' }
      : { reason: 'ContainerCreating', message: 'pulling images and mounting volumes' };
  return { reason: event?.reason || usual.reason, message: event?.message || usual.message };
}

function interruptionOf({ events = [] }: Group, status: GroupStatus | undefined): Instance['interruption'] {
  const event = events.findLast(({ reason }) => reason === interruptionReason);
  const condition = status?.podStatus?.conditions?.find(({ reason }) => reason === interruptionReason);
  const at = apiTime(event?.lastTimestamp ?? event?.firstTimestamp ?? condition?.lastTransitionTime);
  if (at === undefined) return undefined;
  return { at, message: event?.message ?? condition?.message ?? 'the spot market takes the instance back' };
}

/** Billed from the moment when it is placed and begins to pull, until it is terminal; a failed creation is free. */
function billingOf(group: Group, status: GroupStatus | undefined): Billing | undefined {
  const startedAt = apiTime(status?.podStatus?.startTime);
  if (startedAt === undefined || group.status === 'ScheduleFailed') return undefined;
  const endedAt = endOf(group);
  return { startedAt, ...(endedAt !== undefined && { endedAt }) };
}

function endOf(group: Group): string | undefined {
  return apiTime(group.succeededTime ?? group.failedTime ?? group.expiredTime);
}
