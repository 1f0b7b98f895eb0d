import type { Deployment } from '../core/kinds.ts';
import { omitEmpty, timestamp } from '../core/objects.ts';
import { soonest } from '../core/pods.ts';
import type { DeploymentState } from './deployment.ts';
import { desired, fencePosts, sum, type Wanted } from './rollout.ts';

type DeploymentStatus = NonNullable<Deployment['status']>;
type DeploymentCondition = NonNullable<DeploymentStatus['conditions']>[number];

/** Counts and conditions as `kubectl rollout status` reads them (deployment/sync.go calculateStatus, progress.go). */
export function deploymentStatus({ deployment, fresh, old, replicaSets, now }: DeploymentState & Wanted): {
  readonly status: DeploymentStatus;
  readonly lookAgainMs: number | undefined;
} {
  const available = sum(replicaSets, ({ status }) => status?.availableReplicas ?? 0);
  const promised = sum([...old, ...(fresh ? [fresh] : [])], ({ spec }) => spec.replicas ?? 0);
  const counts = omitEmpty<DeploymentStatus>({
    observedGeneration: deployment.metadata.generation,
    replicas: sum(replicaSets, ({ status }) => status?.replicas ?? 0),
    updatedReplicas: fresh?.status?.replicas,
    readyReplicas: sum(replicaSets, ({ status }) => status?.readyReplicas ?? 0),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, promised - available),
  });
  const enough = available >= desired(deployment) - fencePosts(deployment).maxUnavailable;
  const previous = deployment.status?.conditions ?? [];
  const failures = [...(fresh ? [fresh] : []), ...old].flatMap(
    ({ status }) => status?.conditions?.filter(({ type }) => type === 'ReplicaFailure') ?? [],
  );
  const conditions = replaced(previous, now, [
    enough
      ? condition('Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.')
      : condition(
          'Available',
          'False',
          'MinimumReplicasUnavailable',
          'Deployment does not have minimum availability.',
        ),
    progress(deployment, counts, fresh, now),
    failures[0] && condition('ReplicaFailure', 'True', failures[0].reason ?? '', failures[0].message ?? ''),
  ]);
  const status = { ...counts, conditions };
  return { status, lookAgainMs: soonest([deadlineInMs(deployment, status, now)]) };
}

type Draft = Pick<DeploymentCondition, 'type' | 'status' | 'reason' | 'message'>;

function condition(type: string, status: string, reason: string, message: string): Draft {
  return { type, status, reason, message };
}

/** The wanted conditions, each keeping its times while it says the same; others are gone. */
function replaced(
  previous: readonly DeploymentCondition[],
  now: number,
  wanted: readonly (Draft | undefined)[],
) {
  return wanted
    .filter((draft) => draft !== undefined)
    .map((draft): DeploymentCondition => {
      const before = previous.find(({ type }) => type === draft.type);
      const isSame = before?.status === draft.status && before?.reason === draft.reason;
      if (draft === before) return before;
      if (isSame && draft.reason !== 'ReplicaSetUpdated') return { ...before, ...draft };
      const transition = before?.status === draft.status ? before.lastTransitionTime : undefined;
      return { ...draft, lastTransitionTime: transition ?? timestamp(now), lastUpdateTime: timestamp(now) };
    });
}

function progress(
  deployment: Deployment,
  counts: DeploymentStatus,
  fresh: Wanted['fresh'],
  now: number,
): Draft | undefined {
  const current = deployment.status?.conditions?.find(({ type }) => type === 'Progressing');
  const say = (status: string, reason: string, message: string): Draft =>
    condition('Progressing', status, reason, message);
  const isTimedOut = current?.reason === 'ProgressDeadlineExceeded';
  if (deployment.spec.paused)
    return isTimedOut ? current : say('Unknown', 'DeploymentPaused', 'Deployment is paused');
  if (fresh === undefined) return current;
  const name = `ReplicaSet "${fresh.metadata.name}"`;
  if (fresh.metadata.uid === undefined)
    return say('True', 'NewReplicaSetCreated', `Created new replica set "${fresh.metadata.name}"`);
  if (current?.reason === 'DeploymentPaused')
    return say('Unknown', 'DeploymentResumed', 'Deployment is resumed');
  if (isComplete(deployment, counts))
    return say('True', 'NewReplicaSetAvailable', `${name} has successfully progressed.`);
  const wasDone = current?.reason === 'NewReplicaSetAvailable';
  if (wasDone && counts.replicas === counts.updatedReplicas) return current;
  if (current === undefined || wasDone)
    return say('True', 'FoundNewReplicaSet', `Found new replica set "${fresh.metadata.name}"`);
  if (hasProgressed(deployment.status ?? {}, counts))
    return say('True', 'ReplicaSetUpdated', `${name} is progressing.`);
  const left = deadlineInMs(deployment, { conditions: [current] }, now);
  return left !== undefined && left <= 0
    ? say('False', 'ProgressDeadlineExceeded', `${name} has timed out progressing.`)
    : current;
}

function isComplete(
  deployment: Deployment,
  { updatedReplicas, replicas, availableReplicas }: DeploymentStatus,
): boolean {
  return [updatedReplicas, replicas, availableReplicas].every(
    (count) => (count ?? 0) === desired(deployment),
  );
}

function hasProgressed(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const grew = (field: 'updatedReplicas' | 'readyReplicas' | 'availableReplicas'): boolean =>
    (after[field] ?? 0) > (before[field] ?? 0);
  const outdated = ({ replicas = 0, updatedReplicas = 0 }: DeploymentStatus): number =>
    replicas - updatedReplicas;
  return (
    grew('updatedReplicas') ||
    grew('readyReplicas') ||
    grew('availableReplicas') ||
    outdated(after) < outdated(before)
  );
}

/** Milliseconds to the progress deadline; undefined = nothing is in progress. */
function deadlineInMs(deployment: Deployment, status: DeploymentStatus, now: number): number | undefined {
  const current = status.conditions?.find(({ type }) => type === 'Progressing');
  const isWaiting =
    current?.status !== 'False' && current?.reason !== 'NewReplicaSetAvailable' && !deployment.spec.paused;
  if (current === undefined || !isWaiting) return undefined;
  const since = Date.parse(current.lastUpdateTime ?? '');
  return since + (deployment.spec.progressDeadlineSeconds ?? 600) * 1000 - now;
}
