import { kinds, type PersistentVolumeClaim, type Pod, type StatefulSet } from '../core/kinds.ts';
import { isDeleting, omitEmpty } from '../core/objects.ts';
import { availableInMs, isFinished, isReady } from '../core/pods.ts';
import { event, statusWrite, type Write } from '../core/writes.ts';
import { type Revision, type Revisions, revisionHashLabel } from './revisions.ts';
import { podName, statefulPod } from './stateful-set-pod.ts';

interface Member {
  readonly ordinal: number;
  readonly pod: Pod;
}

export interface StatefulSetState {
  readonly set: StatefulSet;
  readonly members: readonly Member[];
  readonly revisions: Revisions;
  readonly now: number;
  /** Milliseconds that a Failed Pod still stays before it is recreated. */
  readonly recreationWaitMs: (pod: Pod) => number;
  readonly missingClaims: (ordinal: number) => readonly Pick<PersistentVolumeClaim, 'metadata'>[];
}

type StatefulSetStatus = NonNullable<StatefulSet['status']>;

interface Plan {
  readonly writes: readonly Write[];
  /** Milliseconds after which something may be due. */
  readonly waits: readonly number[];
}

/** stateful_set_control.go updateStatefulSet: at most one disruptive step at a time unless the policy is Parallel. */
export function planStatefulSet(state: StatefulSetState): Plan {
  const { set, members, now } = state;
  const current = currentRevision(state);
  const waits = members.map(({ pod }) => availableInMs(pod, set.spec.minReadySeconds ?? 0, now));
  const steps = isDeleting(set) ? { writes: [], waits: [] } : planSteps(state, current);
  const status = statusWrite(kinds.statefulSets, set, statefulSetStatus(state, current));
  return { writes: [...steps.writes, ...status], waits: [...waits, ...steps.waits] };
}

function planSteps(state: StatefulSetState, current: Revision): Plan {
  const { set, members, now } = state;
  const isOrdered = set.spec.podManagementPolicy !== 'Parallel';
  const start = set.spec.ordinals?.start ?? 0;
  const end = start + (set.spec.replicas ?? 1);
  const isHealthy = ({ pod }: Member): boolean =>
    !isDeleting(pod) && availableInMs(pod, set.spec.minReadySeconds ?? 0, now) === 0;
  const writes: Write[] = [];
  const waits: number[] = [];
  let isBlocked = false;

  for (let ordinal = start; ordinal < end && !(isBlocked && isOrdered); ordinal++) {
    const member = members.find((candidate) => candidate.ordinal === ordinal);
    if (member === undefined) {
      writes.push(...creation(state, ordinal, revisionFor(state, ordinal, current)));
      isBlocked = true;
    } else if (isFinished(member.pod)) {
      const waitMs = isDeleting(member.pod) ? 0 : state.recreationWaitMs(member.pod);
      if (waitMs > 0) waits.push(waitMs);
      else if (!isDeleting(member.pod)) writes.push(...recreation(set, member.pod));
      isBlocked = true;
    } else if (!isHealthy(member)) {
      isBlocked = true;
    }
  }
  if (isBlocked && isOrdered) return { writes, waits };

  const condemned = members
    .filter(({ ordinal }) => ordinal < start || ordinal >= end)
    .sort((a, b) => b.ordinal - a.ordinal);
  const firstUnhealthy = members
    .toSorted((a, b) => a.ordinal - b.ordinal)
    .find((member) => !isHealthy(member));
  for (const member of condemned) {
    if (!isDeleting(member.pod)) {
      if (isOrdered && !isHealthy(member) && member !== firstUnhealthy) return { writes, waits };
      writes.push(...deletion(set, member.pod));
    }
    if (isOrdered) return { writes, waits };
  }
  if (set.spec.updateStrategy?.type === 'OnDelete') return { writes, waits };

  const updateFrom = start + (set.spec.updateStrategy?.rollingUpdate?.partition ?? 0);
  for (let ordinal = end - 1; ordinal >= updateFrom; ordinal--) {
    const member = members.find((candidate) => candidate.ordinal === ordinal);
    if (member === undefined || isFinished(member.pod)) break;
    if (!isAt(member, state.revisions.update) && !isDeleting(member.pod)) {
      return { writes: [...writes, ...deletion(set, member.pod)], waits };
    }
    if (!isHealthy(member)) break;
  }
  return { writes, waits };
}

function currentRevision({ set, revisions }: StatefulSetState): Revision {
  return revisions.known.get(set.status?.currentRevision ?? '') ?? revisions.update;
}

/** A Pod below the partition comes back as it was; with OnDelete every new Pod is of the present template. */
function revisionFor({ set, revisions }: StatefulSetState, ordinal: number, current: Revision): Revision {
  const partition = set.spec.updateStrategy?.rollingUpdate?.partition ?? 0;
  const isKept =
    set.spec.updateStrategy?.type !== 'OnDelete' && ordinal < (set.spec.ordinals?.start ?? 0) + partition;
  return isKept ? current : revisions.update;
}

function isAt({ pod }: Member, revision: Revision): boolean {
  return pod.metadata.labels?.[revisionHashLabel] === revision.name;
}

function creation({ set, missingClaims }: StatefulSetState, ordinal: number, revision: Revision): Write[] {
  const name = podName(set, ordinal);
  const inSet = `in StatefulSet ${set.metadata.name}`;
  const claims = missingClaims(ordinal).map((object): Write => {
    const wording = `create Claim ${object.metadata.name} Pod ${name} ${inSet}`;
    return { op: 'create', kind: kinds.persistentVolumeClaims, object, announce: set, wording };
  });
  const object = statefulPod(set, ordinal, revision);
  return [
    ...claims,
    { op: 'create', kind: kinds.pods, object, announce: set, wording: `create Pod ${name} ${inSet}` },
  ];
}

function deletion(set: StatefulSet, pod: Pod): Write[] {
  const wording = `delete Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`;
  return [{ op: 'delete', kind: kinds.pods, object: pod, announce: set, wording }];
}

function recreation(set: StatefulSet, pod: Pod): Write[] {
  const [reason, adjective] =
    pod.status?.phase === 'Failed'
      ? ['RecreatingFailedPod', 'failed']
      : ['RecreatingTerminatedPod', 'terminated'];
  const message = `StatefulSet ${pod.metadata.namespace}/${set.metadata.name} is recreating ${adjective} Pod ${pod.metadata.name}`;
  return [event(set, 'Warning', reason, message), ...deletion(set, pod)];
}

function statefulSetStatus(
  { set, members, revisions, now }: StatefulSetState,
  current: Revision,
): StatefulSetStatus {
  const { update } = revisions;
  const replicas = set.spec.replicas ?? 1;
  const live = members.filter(({ pod }) => !isDeleting(pod) && !isFinished(pod));
  const ready = members.filter(({ pod }) => pod.status?.phase === 'Running' && isReady(pod));
  const isAvailable = ({ pod }: Member): boolean =>
    availableInMs(pod, set.spec.minReadySeconds ?? 0, now) === 0;
  const updated = live.filter((member) => isAt(member, update)).length;
  const isRolledOut =
    set.spec.updateStrategy?.type !== 'OnDelete' &&
    [updated, ready.length, members.length].every((count) => count === replicas);
  const present = isRolledOut ? update : current;
  const counts = omitEmpty<Omit<StatefulSetStatus, 'replicas' | 'availableReplicas'>>({
    observedGeneration: set.metadata.generation,
    readyReplicas: ready.length,
    currentReplicas: live.filter((member) => isAt(member, present)).length,
    updatedReplicas: updated,
    currentRevision: present.name,
    updateRevision: update.name,
    collisionCount: set.status?.collisionCount,
    conditions: set.status?.conditions,
  });
  return { ...counts, replicas: members.length, availableReplicas: ready.filter(isAvailable).length };
}
