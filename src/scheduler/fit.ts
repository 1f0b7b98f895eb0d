import type { Node, Pod, Taint } from '../kube/types.ts';
import type { Amounts } from '../podspec/amounts.ts';
import { matchesNodeAffinity, tolerates } from '../podspec/node-fit.ts';

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

const cordoned: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/**
 * Where a Pod goes: among the nodes that it may go to and that have room, the one that would be emptiest; or why there
 * is none, in the words and the order of kube-scheduler 1.36 (pkg/scheduler/framework/types.go, FitError).
 */
export function place(candidate: Candidate, rooms: readonly Room[]): Placement {
  if (rooms.length === 0) return { message: 'no nodes available to schedule pods' };
  const reasons = new Map<string, number>();
  let best: { readonly name: string; readonly load: number } | undefined;
  for (const room of rooms) {
    const found = obstacles(candidate, room);
    for (const reason of found) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    if (found.length > 0) continue;
    const load = loadWith(candidate, room);
    if (best === undefined || load < best.load) best = { name: room.node.metadata?.name ?? '', load };
  }
  if (best !== undefined) return { node: best.name };
  const listed = [...reasons].map(([reason, count]) => `${count} ${reason}`).toSorted();
  return { message: `0/${rooms.length} nodes are available: ${listed.join(', ')}.` };
}

/**
 * Everything that keeps the Pod from this node. The first kind of obstacle hides the later ones, in the order of the
 * scheduler's plugins. A taint is not named: its key and value may be nobody's business.
 */
function obstacles({ pod, requests }: Candidate, { node, allocatable, used }: Room): string[] {
  const tolerations = pod.spec?.tolerations ?? [];
  if (node.spec?.unschedulable === true && !tolerates(tolerations, cordoned))
    return ['node(s) were unschedulable'];
  const repelled = (node.spec?.taints ?? []).some(
    (taint) => taint.effect !== 'PreferNoSchedule' && !tolerates(tolerations, taint),
  );
  if (repelled) return ['node(s) had untolerated taint(s)'];
  if (!matchesNodeAffinity(pod, node)) return ["node(s) didn't match Pod's node affinity/selector"];
  return Object.entries(requests)
    .filter(([name, amount]) => amount > 0 && (used[name] ?? 0) + amount > (allocatable[name] ?? 0))
    .map(([name]) => (name === 'pods' ? 'Too many pods' : `Insufficient ${name}`));
}

/** The fullest of the resources that the Pod asks for, with the Pod added; 0 to 1. */
function loadWith({ requests }: Candidate, { allocatable, used }: Room): number {
  return Math.max(
    ...Object.entries(requests).map(
      ([name, amount]) => ((used[name] ?? 0) + amount) / (allocatable[name] || 1),
    ),
  );
}
