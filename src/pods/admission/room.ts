import type { Capacity } from '../../../providers/contract/index.ts';
import type { Pod } from '../../kube/types.ts';
import { type Amounts, podAmounts, resourceAmounts } from '../../podspec/amounts.ts';
import type { Finding } from './finding.ts';

export interface Room {
  readonly capacity: Capacity;
  /** What the Pods that were admitted take, without the one in question; `pods` is their number. */
  readonly used: Amounts;
}

/** Reasons and texts are the kubelet's (pkg/kubelet/lifecycle/predicate.go, InsufficientResourceError). */
export function roomFindings(pod: Pod, { capacity, used }: Room): Finding[] {
  const total: Amounts = { pods: capacity.instances, ...resourceAmounts(capacity.resources) };
  return Object.entries(podAmounts(pod)).flatMap(([name, requested]) => {
    const [inUse, all] = [used[name] ?? 0, total[name] ?? 0];
    if (requested === 0 || inUse + requested <= all) return [];
    return [
      {
        reason: `OutOf${name}`,
        fields: name === 'pods' ? [] : ['spec'],
        text: `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${inUse}, capacity: ${all}`,
      },
    ];
  });
}
