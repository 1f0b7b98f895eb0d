import { hasLabels, matchesNodeSelector } from '../kube/selectors.ts';
import type { Node, Pod, Taint, Toleration } from '../kube/types.ts';

/** Amounts by resource name, in the smallest whole unit: thousandths of a core for cpu, bytes or counts otherwise. */
export type Amounts = Readonly<Record<string, number>>;

/** A node as the scheduler sees it: what it offers, and what is spoken for. */
export interface Room {
  readonly node: Node;
  readonly allocatable: Amounts;
  readonly used: Amounts;
}

export interface Candidate {
  readonly pod: Pod;
  /** With `pods: 1`. */
  readonly requests: Amounts;
}

export type Placement = { readonly node: string } | { readonly message: string };

/**
 * Where a Pod goes: among the nodes that it may go to and that have room, the one that would be emptiest; or why there
 * is none, in the scheduler's words (pkg/scheduler/framework, FitError).
 */
export function place(candidate: Candidate, rooms: readonly Room[]): Placement {
  const reasons = new Map<string, number>();
  let best: { name: string; load: number } | undefined;
  for (const room of rooms) {
    const found = obstacles(candidate, room);
    for (const reason of found) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    if (found.length > 0) continue;
    const load = loadWith(candidate, room);
    const name = room.node.metadata?.name ?? '';
    if (best === undefined || load < best.load) best = { name, load };
  }
  if (best !== undefined) return { node: best.name };
  const listed = [...reasons].map(([reason, count]) => `${count} ${reason}`).toSorted();
  return {
    message: `0/${rooms.length} nodes are available${listed.length > 0 ? `: ${listed.join(', ')}` : ''}.`,
  };
}

/** Everything that keeps the Pod from this node; the first kind of obstacle hides the later ones, as in the scheduler. */
function obstacles({ pod, requests }: Candidate, { node, allocatable, used }: Room): string[] {
  const tolerations = pod.spec?.tolerations ?? [];
  const unschedulable: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
  if (node.spec?.unschedulable === true && !tolerated(unschedulable, tolerations))
    return ['node(s) were unschedulable'];
  const taint = (node.spec?.taints ?? []).find(
    (one) => one.effect !== 'PreferNoSchedule' && !tolerated(one, tolerations),
  );
  if (taint !== undefined) return [`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`];
  if (!affine(pod, node)) return ["node(s) didn't match Pod's node affinity/selector"];
  const short = Object.keys(requests).filter(
    (name) =>
      (used[name] ?? 0) + (requests[name] ?? 0) > (allocatable[name] ?? 0) && (requests[name] ?? 0) > 0,
  );
  return short.map((name) => (name === 'pods' ? 'Too many pods' : `Insufficient ${name}`));
}

function affine(pod: Pod, node: Node): boolean {
  const { name = '', labels = {} } = node.metadata ?? {};
  if (!hasLabels(pod.spec?.nodeSelector, labels)) return false;
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined || matchesNodeSelector(required, { name, labels });
}

/** component-helpers/scheduling/corev1, ToleratesTaint. */
export function tolerated(taint: Taint, tolerations: readonly Toleration[]): boolean {
  return tolerations.some((toleration) => {
    if (toleration.effect && toleration.effect !== taint.effect) return false;
    if (toleration.key && toleration.key !== taint.key) return false;
    if (toleration.operator === 'Exists') return true;
    return Boolean(toleration.key) && (toleration.value ?? '') === (taint.value ?? '');
  });
}

/** The fullest of the resources, with the Pod added; 0 to 1. */
function loadWith({ requests }: Candidate, { allocatable, used }: Room): number {
  return Math.max(
    ...Object.keys({ ...requests, pods: 1 }).map(
      (name) => ((used[name] ?? 0) + (requests[name] ?? 0)) / (allocatable[name] || 1),
    ),
  );
}
