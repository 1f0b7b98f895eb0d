import type { AnyObject, Pod, PodTemplate } from './kinds.ts';
import { kinds } from './kinds.ts';
import { controllerReference, isDeleting, typeMeta } from './objects.ts';

export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** Counts toward replicas (controller_utils IsPodActive). */
export function isActive(pod: Pod): boolean {
  return !isFinished(pod) && !isDeleting(pod);
}

function readyCondition(pod: Pod) {
  return pod.status?.conditions?.find(({ type }) => type === 'Ready');
}

export function isReady(pod: Pod): boolean {
  return readyCondition(pod)?.status === 'True';
}

/** Milliseconds until the Pod counts as available: 0 = it does, Infinity = it is not ready. */
export function availableInMs(pod: Pod, minReadySeconds: number, now: number): number {
  if (!isReady(pod)) return Number.POSITIVE_INFINITY;
  const since = Date.parse(readyCondition(pod)?.lastTransitionTime ?? '');
  return minReadySeconds === 0 || Number.isNaN(since) ? 0 : Math.max(0, since + minReadySeconds * 1000 - now);
}

/** The soonest of these waits that is still to come. */
export function soonest(waits: readonly (number | undefined)[]): number | undefined {
  const finite = waits.filter((wait) => wait !== undefined && wait > 0 && Number.isFinite(wait));
  return finite.length > 0 ? Math.min(...finite.map(Number)) : undefined;
}

const phaseRank: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/** First to be deleted first (controller_utils ActivePodsWithRanks, without the spread over nodes). */
export function inDeletionOrder(pods: readonly Pod[]): readonly Pod[] {
  const ranked = pods.map((pod) => ({ pod, ranks: deletionRanks(pod) }));
  ranked.sort((a, b) => {
    const at = a.ranks.findIndex((rank, index) => rank !== b.ranks[index]);
    return at < 0 ? 0 : (a.ranks[at] ?? 0) - (b.ranks[at] ?? 0);
  });
  return ranked.map(({ pod }) => pod);
}

function deletionRanks(pod: Pod): readonly number[] {
  return [
    pod.spec.nodeName ? 1 : 0,
    phaseRank[pod.status?.phase ?? 'Pending'] ?? 0,
    isReady(pod) ? 1 : 0,
    Number(pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0),
    isReady(pod) ? -Date.parse(readyCondition(pod)?.lastTransitionTime ?? '') : 0,
    -Math.max(0, ...(pod.status?.containerStatuses ?? []).map(({ restartCount }) => restartCount)),
    -Date.parse(pod.metadata.creationTimestamp),
  ];
}

interface PodMeta {
  readonly name?: string;
  readonly generateName?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
}

/** The Pod that an owner makes of its template; `extra` goes over the template's own metadata. */
export function podFromTemplate(template: PodTemplate, owner: AnyObject, extra: PodMeta) {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  return {
    ...typeMeta(kinds.pods),
    metadata: {
      ...(extra.name === undefined ? { generateName: `${owner.metadata.name}-` } : {}),
      ...extra,
      namespace: owner.metadata.namespace,
      labels: { ...labels, ...extra.labels },
      annotations: { ...annotations, ...extra.annotations },
      finalizers: [...(finalizers ?? []), ...(extra.finalizers ?? [])],
      ownerReferences: [controllerReference(owner)],
    },
    spec: template.spec ?? { containers: [] },
  };
}
