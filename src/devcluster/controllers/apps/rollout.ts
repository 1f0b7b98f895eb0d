import { freeHash, sameJson } from '../core/hash.ts';
import { type Deployment, kinds, type PodTemplate, type ReplicaSet } from '../core/kinds.ts';
import { controllerReference, scaled, typeMeta } from '../core/objects.ts';
import type { DeploymentState } from './deployment.ts';

export const revisionAnnotation = 'deployment.kubernetes.io/revision';
const historyAnnotation = 'deployment.kubernetes.io/revision-history';
const desiredAnnotation = 'deployment.kubernetes.io/desired-replicas';
const maxAnnotation = 'deployment.kubernetes.io/max-replicas';
const hashLabel = 'pod-template-hash';
/** Annotations of a Deployment that are not handed on (deployment_util.go annotationsToSkip). */
const ownAnnotations = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maxAnnotation,
]);

/** A ReplicaSet as it should be; one that is to be created has no uid yet. */
export type Draft = Pick<ReplicaSet, 'apiVersion' | 'kind' | 'spec' | 'status'> & {
  readonly metadata: Partial<ReplicaSet['metadata']> & { readonly name: string };
};

export interface Wanted {
  /** The one with the Deployment's current template. */
  readonly fresh: Draft | undefined;
  /** Oldest first. */
  readonly old: readonly Draft[];
}

/** The ReplicaSets as they should be after the next step (deployment_controller.go syncDeployment). */
export function rollOut(state: DeploymentState): Wanted {
  const { deployment, replicaSets } = state;
  const found = replicaSets.toSorted(byAge).find((replicaSet) => hasTemplate(replicaSet, deployment));
  const old = replicaSets.filter((replicaSet) => replicaSet !== found).toSorted(byAge);
  const known = { fresh: found && withRevision(found, deployment, old), old };
  if (deployment.spec.paused) return prune(deployment, rescale(deployment, known));
  if (replicaSets.some((replicaSet) => isScaling(replicaSet, deployment))) return rescale(deployment, known);
  if (deployment.spec.strategy?.type === 'Recreate') return recreate(state, known);
  return rollForward(deployment, { fresh: known.fresh ?? newReplicaSet(state, old), old });
}

function recreate(
  state: DeploymentState,
  { fresh, old }: { fresh: Draft | undefined; old: readonly ReplicaSet[] },
): Wanted {
  const { deployment } = state;
  if (old.some((draft) => replicasOf(draft) > 0))
    return { fresh, old: old.map((draft) => sized(draft, 0, deployment)) };
  if (old.some((replicaSet) => (replicaSet.status?.replicas ?? 0) > 0 || state.hasPods(replicaSet)))
    return { fresh, old };
  return prune(deployment, {
    fresh: sized(fresh ?? newReplicaSet(state, old), desired(deployment), deployment),
    old,
  });
}

/** One step: up with the new one if surge allows, else down with the old ones as far as availability allows (rolling.go). */
function rollForward(
  deployment: Deployment,
  { fresh, old }: { fresh: Draft; old: readonly Draft[] },
): Wanted {
  const total = sum([fresh, ...old], replicasOf);
  const room = desired(deployment) + fencePosts(deployment).maxSurge - total;
  const missing = desired(deployment) - replicasOf(fresh);
  const target = missing < 0 ? desired(deployment) : replicasOf(fresh) + Math.max(0, Math.min(room, missing));
  if (target !== replicasOf(fresh) || fresh.metadata.uid === undefined)
    return { fresh: sized(fresh, target, deployment), old };
  return prune(deployment, { fresh: sized(fresh, target, deployment), old: shrink(deployment, fresh, old) });
}

function shrink(deployment: Deployment, fresh: Draft, old: readonly Draft[]): readonly Draft[] {
  const minAvailable = desired(deployment) - fencePosts(deployment).maxUnavailable;
  const freshUnavailable = replicasOf(fresh) - availableOf(fresh);
  const removable = sum([fresh, ...old], replicasOf) - minAvailable - freshUnavailable;
  if (removable <= 0) return old;
  // Pods that do not serve go first: they cost no availability.
  let left = removable;
  const healthy = old.map((draft) => {
    const step = Math.max(0, Math.min(left, replicasOf(draft) - availableOf(draft)));
    left -= step;
    return step > 0 ? sized(draft, replicasOf(draft) - step, deployment) : draft;
  });
  left = Math.min(left, sum([fresh, ...old], availableOf) - minAvailable);
  return healthy.map((draft) => {
    const step = Math.max(0, Math.min(left, replicasOf(draft)));
    left -= step;
    return step > 0 ? sized(draft, replicasOf(draft) - step, deployment) : draft;
  });
}

/** A changed `replicas` while paused or in the middle of a rollout: every ReplicaSet keeps its share (sync.go scale). */
function rescale(deployment: Deployment, { fresh, old }: Wanted): Wanted {
  const all = [...old, ...(fresh ? [fresh] : [])];
  const active = all.filter((draft) => replicasOf(draft) > 0);
  const put = (size: (draft: Draft) => number): Wanted => {
    const next = (draft: Draft): Draft =>
      replicasOf(draft) > 0 || size(draft) > 0 ? sized(draft, size(draft), deployment) : draft;
    return { fresh: fresh && next(fresh), old: old.map(next) };
  };
  const only = active.length === 1 ? active[0] : active.length === 0 ? (fresh ?? old.at(-1)) : undefined;
  if (only !== undefined) return put((draft) => (draft === only ? desired(deployment) : replicasOf(draft)));
  if (fresh && replicasOf(fresh) === desired(deployment) && availableOf(fresh) === desired(deployment))
    return put((draft) => (draft === fresh ? replicasOf(draft) : 0));
  const { maxSurge } = fencePosts(deployment);
  const allowed = desired(deployment) > 0 ? desired(deployment) + maxSurge : 0;
  let left = allowed - sum(all, replicasOf);
  const sizes = new Map<Draft, number>();
  for (const draft of active.toSorted((a, b) => replicasOf(b) - replicasOf(a))) {
    const before = Number(draft.metadata.annotations?.[maxAnnotation] ?? deployment.status?.replicas ?? 1);
    const share = Math.round((replicasOf(draft) * allowed) / Math.max(1, before)) - replicasOf(draft);
    const step = left > 0 ? Math.min(Math.max(share, 0), left) : Math.max(Math.min(share, 0), left);
    sizes.set(draft, replicasOf(draft) + step);
    left -= step;
  }
  const largest = active.toSorted((a, b) => replicasOf(b) - replicasOf(a))[0];
  if (largest) sizes.set(largest, Math.max(0, (sizes.get(largest) ?? 0) + left));
  return put((draft) => sizes.get(draft) ?? replicasOf(draft));
}

/** Drops old, empty ReplicaSets beyond revisionHistoryLimit once the rollout is complete or paused. */
function prune(deployment: Deployment, { fresh, old }: Wanted): Wanted {
  const limit = deployment.spec.revisionHistoryLimit ?? 10;
  const complete =
    fresh !== undefined && availableOf(fresh) >= desired(deployment) && sum(old, replicasOf) === 0;
  if (!complete && !deployment.spec.paused) return { fresh, old };
  const idle = (draft: Draft): boolean =>
    replicasOf(draft) === 0 &&
    (draft.status?.replicas ?? 0) === 0 &&
    (draft.status?.observedGeneration ?? 0) >= (draft.metadata.generation ?? 0) &&
    draft.metadata.deletionTimestamp === undefined;
  const surplus = old
    .filter(idle)
    .toSorted((a, b) => revisionOf(a) - revisionOf(b))
    .slice(0, Math.max(0, old.length - limit));
  return { fresh, old: old.filter((draft) => !surplus.includes(draft)) };
}

function newReplicaSet(state: DeploymentState, old: readonly Draft[]): Draft {
  const { deployment, taken } = state;
  const { name, namespace } = deployment.metadata;
  const hash = freeHash(deployment.spec.template, (candidate) => taken.has(`${name}-${candidate}`));
  const labels = { ...deployment.spec.template.metadata?.labels, [hashLabel]: hash };
  const draft: Draft = {
    ...typeMeta(kinds.replicaSets),
    metadata: {
      name: `${name}-${hash}`,
      ...(namespace !== undefined && { namespace }),
      labels,
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: 0,
      selector: {
        ...deployment.spec.selector,
        matchLabels: { ...deployment.spec.selector.matchLabels, [hashLabel]: hash },
      },
      template: {
        ...deployment.spec.template,
        metadata: { ...deployment.spec.template.metadata, labels },
      },
    },
  };
  return withRevision(draft, deployment, old);
}

/** The newest template always carries the highest revision: that is how `kubectl rollout undo` counts. */
function withRevision(draft: Draft, deployment: Deployment, old: readonly Draft[]): Draft {
  const revision = Math.max(0, ...old.map(revisionOf)) + 1;
  const current = draft.metadata.annotations ?? {};
  const before = current[revisionAnnotation];
  const handedOn = Object.entries(deployment.metadata.annotations ?? {}).filter(
    ([key]) => !ownAnnotations.has(key),
  );
  const annotations: Record<string, string> = { ...current, ...Object.fromEntries(handedOn) };
  if (revisionOf(draft) < revision) {
    annotations[revisionAnnotation] = String(revision);
    const history = [current[historyAnnotation], before].filter((part) => part !== undefined);
    if (history.length > 0) annotations[historyAnnotation] = history.join(',');
  }
  const { minReadySeconds } = deployment.spec;
  const spec = minReadySeconds === undefined ? draft.spec : { ...draft.spec, minReadySeconds };
  return { ...draft, metadata: { ...draft.metadata, annotations }, spec };
}

function sized(draft: Draft, replicas: number, deployment: Deployment): Draft {
  const annotations = {
    ...draft.metadata.annotations,
    [desiredAnnotation]: String(desired(deployment)),
    [maxAnnotation]: String(desired(deployment) + fencePosts(deployment).maxSurge),
  };
  return { ...draft, metadata: { ...draft.metadata, annotations }, spec: { ...draft.spec, replicas } };
}

function hasTemplate(replicaSet: ReplicaSet, deployment: Deployment): boolean {
  const plain = (template: PodTemplate | undefined): unknown => {
    const { [hashLabel]: _hash, ...labels } = template?.metadata?.labels ?? {};
    return { ...template, metadata: { ...template?.metadata, labels } };
  };
  return sameJson(plain(replicaSet.spec.template), plain(deployment.spec.template));
}

function isScaling(replicaSet: ReplicaSet, deployment: Deployment): boolean {
  const annotated = replicaSet.metadata.annotations?.[desiredAnnotation];
  return replicasOf(replicaSet) > 0 && annotated !== undefined && annotated !== String(desired(deployment));
}

/** Percentages resolved; both zero would never move, so one may then be unavailable (deployment_util.go ResolveFenceposts). */
export function fencePosts(deployment: Deployment): {
  readonly maxSurge: number;
  readonly maxUnavailable: number;
} {
  const { strategy } = deployment.spec;
  if (strategy?.type === 'Recreate') return { maxSurge: 0, maxUnavailable: 0 };
  const maxSurge = scaled(strategy?.rollingUpdate?.maxSurge ?? '25%', desired(deployment), 'up');
  const maxUnavailable = scaled(
    strategy?.rollingUpdate?.maxUnavailable ?? '25%',
    desired(deployment),
    'down',
  );
  return { maxSurge, maxUnavailable: maxSurge === 0 ? Math.max(1, maxUnavailable) : maxUnavailable };
}

export function desired(deployment: Deployment): number {
  return deployment.spec.replicas ?? 1;
}

function replicasOf(draft: Draft): number {
  return draft.spec.replicas ?? 0;
}

function availableOf(draft: Draft): number {
  return draft.status?.availableReplicas ?? 0;
}

function revisionOf(draft: Draft): number {
  return Number(draft.metadata.annotations?.[revisionAnnotation] ?? 0);
}

function byAge(a: ReplicaSet, b: ReplicaSet): number {
  return (
    a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp) || revisionOf(a) - revisionOf(b)
  );
}

export function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
