import { matchesLabels } from '../../../kube/selectors.ts';
import { claim } from '../core/claim.ts';
import { type Context, startController } from '../core/controller.ts';
import { kinds, type Pod, type ReplicaSet } from '../core/kinds.ts';
import { controllerOf, isDeleting, keyOf, omitEmpty, timestamp } from '../core/objects.ts';
import { availableInMs, inDeletionOrder, isActive, isReady, podFromTemplate, soonest } from '../core/pods.ts';
import { describe } from '../core/work-queue.ts';
import { statusWrite, type Write } from '../core/writes.ts';

/** The longest wait before Pods that fail at once are replaced. */
const longestReplacementMs = 300_000;

export function startReplicaSetController(context: Context): void {
  const { store, clock, pods, signal } = context;
  const queue = startController(context, {
    name: 'replicaset-controller',
    kind: kinds.replicaSets,
    owns: [kinds.pods],
    sync: (replicaSet, apply) => {
      const candidates = [...pods.controlledBy(replicaSet), ...pods.orphans(replicaSet.metadata.namespace)];
      const claimed = claim(kinds.pods, replicaSet, replicaSet.spec.selector, candidates);
      apply(claimed.writes);
      const { writes, lookAgainMs } = planReplicas(replicaSet, claimed.owned, clock.now());
      const failure = attempt(() => apply(writes));
      const owned = isDeleting(replicaSet) ? claimed.owned : pods.controlledBy(replicaSet);
      const status = replicaSetStatus(replicaSet, owned, clock.now(), failure);
      apply(statusWrite(kinds.replicaSets, replicaSet, status.status));
      if (failure !== undefined) throw failure.error;
      return soonest([lookAgainMs, status.lookAgainMs]);
    },
  });
  store.subscribe(kinds.pods, signal, ({ type, object }) => {
    if (type === 'DELETED' || controllerOf(object) !== undefined) return;
    for (const replicaSet of store.list(kinds.replicaSets, object.metadata.namespace))
      if (matchesLabels(replicaSet.spec.selector, object.metadata.labels)) queue.add(keyOf(replicaSet));
  });
}

interface Plan {
  readonly writes: readonly Write[];
  readonly lookAgainMs?: number;
}

/** The Pods to create or delete so that as many are active as wanted. */
function planReplicas(replicaSet: ReplicaSet, owned: readonly Pod[], now: number): Plan {
  if (isDeleting(replicaSet)) return { writes: [] };
  const active = owned.filter(isActive);
  const missing = (replicaSet.spec.replicas ?? 1) - active.length;
  if (missing === 0) return { writes: [] };
  if (missing < 0) {
    const surplus = inDeletionOrder(active).slice(0, -missing);
    return {
      writes: surplus.map((object) => ({ op: 'delete', kind: kinds.pods, object, announce: replicaSet })),
    };
  }
  const waitMs = replacementWaitMs(replicaSet, owned, now);
  if (waitMs > 0) return { writes: [], lookAgainMs: waitMs };
  const object = podFromTemplate(replicaSet.spec.template ?? {}, replicaSet, {});
  return {
    writes: Array.from({ length: missing }, () => ({
      op: 'create',
      kind: kinds.pods,
      object,
      announce: replicaSet,
    })),
  };
}

/**
 * Upstream replaces a Failed Pod at once, for ever, and so fills the cluster with Pods that a node refuses. Here each
 * round of Pods that failed since the last one that got ready doubles the wait, from 1 s to 5 min; a Pod that fails
 * later in its life than that is still replaced at once. Read from the Pods alone: nothing to remember.
 */
function replacementWaitMs(replicaSet: ReplicaSet, owned: readonly Pod[], now: number): number {
  const born = (pod: Pod): number => Date.parse(pod.metadata.creationTimestamp);
  const lastGood = Math.max(0, ...owned.filter(isReady).map(born));
  const failed = owned.filter((pod) => pod.status?.phase === 'Failed' && born(pod) > lastGood);
  if (failed.length === 0) return 0;
  const rounds = Math.ceil(failed.length / Math.max(1, replicaSet.spec.replicas ?? 1));
  const step = Math.min(longestReplacementMs, 1_000 * 2 ** Math.min(rounds - 1, 20));
  return Math.max(0, ...failed.map(born)) + step - now;
}

interface Failure {
  readonly error: unknown;
}

function attempt(action: () => void): Failure | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return { error };
  }
}

type ReplicaSetStatus = NonNullable<ReplicaSet['status']>;

function replicaSetStatus(
  replicaSet: ReplicaSet,
  owned: readonly Pod[],
  now: number,
  failure?: Failure,
): { readonly status: ReplicaSetStatus; readonly lookAgainMs: number | undefined } {
  const active = owned.filter(isActive);
  const waits = active.map((pod) => availableInMs(pod, replicaSet.spec.minReadySeconds ?? 0, now));
  const known = replicaSet.status?.conditions ?? [];
  const others = known.filter(({ type }) => type !== 'ReplicaFailure');
  // Said once: the message names a Pod that never was, so a new one each time would wake this controller each time.
  const failed = known.find(({ type }) => type === 'ReplicaFailure') ?? {
    type: 'ReplicaFailure',
    status: 'True',
    reason: 'FailedCreate',
    message: describe(failure?.error),
    lastTransitionTime: timestamp(now),
  };
  const template = { matchLabels: replicaSet.spec.template?.metadata?.labels ?? {} };
  const status = {
    ...omitEmpty<Omit<ReplicaSetStatus, 'replicas'>>({
      fullyLabeledReplicas: active.filter(({ metadata }) => matchesLabels(template, metadata.labels)).length,
      readyReplicas: active.filter(isReady).length,
      availableReplicas: waits.filter((wait) => wait === 0).length,
      observedGeneration: replicaSet.metadata.generation,
      conditions: failure ? [...others, failed] : others,
    }),
    replicas: active.length,
  };
  return { status, lookAgainMs: soonest(waits) };
}
