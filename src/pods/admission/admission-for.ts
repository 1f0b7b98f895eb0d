import type { Capabilities, Capacity } from '../../../providers/contract/index.ts';
import type { Node, Pod } from '../../kube/types.ts';
import type { Verdict } from '../status/pod-status.ts';
import { type Amounts, amountsOf } from './room.ts';
import { verdict } from './verdict.ts';

export interface AdmissionDeps {
  readonly capabilities: Capabilities;
  /** The node as the API server has it; undefined before it is registered. */
  readonly node: () => Node | undefined;
  readonly capacity: () => Capacity;
  /** All Pods bound to the node, admitted or not. */
  readonly pods: () => Iterable<Pod>;
}

/**
 * The verdict for the Pods of one node: which of them take room is the memory that the verdict itself has not. A Pod
 * counts from the moment it is admitted until its phase is terminal; one that is bound but was not looked at yet does
 * not, or the Pods of a burst would refuse each other.
 */
export function admissionFor(deps: AdmissionDeps): (pod: Pod) => Verdict | undefined {
  const { capabilities } = deps;
  const admitted = new Set<string>();
  const amounts = new WeakMap<Pod, Amounts>();

  function take(pod: Pod): Amounts {
    let known = amounts.get(pod);
    if (known === undefined) {
      known = amountsOf(pod);
      amounts.set(pod, known);
    }
    return known;
  }

  /** Runs over all Pods for each one that comes, so it must be cheap. */
  function usedWithout(uid: string | undefined): Amounts {
    const used: Record<string, number> = {};
    let bound = 0;
    for (const pod of deps.pods()) {
      bound++;
      const other = pod.metadata?.uid ?? '';
      if (other === uid || isOver(pod) || (!admitted.has(other) && !hasRun(pod))) continue;
      const taken = take(pod);
      for (const name in taken) used[name] = (used[name] ?? 0) + (taken[name] ?? 0);
    }
    if (admitted.size > 2 * bound + 100) forgetTheGone();
    return used;
  }

  function forgetTheGone(): void {
    const bound = new Set<string>();
    for (const { metadata } of deps.pods()) bound.add(metadata?.uid ?? '');
    for (const uid of admitted) if (!bound.has(uid)) admitted.delete(uid);
  }

  return (pod) => {
    const uid = pod.metadata?.uid;
    const node = deps.node();
    const outcome = verdict(pod, {
      capabilities,
      ...(node === undefined ? {} : { node }),
      room: { capacity: deps.capacity(), used: usedWithout(uid) },
    });
    if (!outcome.admitted) return { reason: outcome.reason, message: outcome.message };
    if (uid !== undefined) admitted.add(uid);
    return undefined;
  };
}

function isOver({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** Admitted by an earlier life of this daemon: its status names a container that was started. */
function hasRun({ status }: Pod): boolean {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].some((container) =>
    Boolean(container.containerID),
  );
}
