import type { Capacity, Resources } from '../../../providers/contract/index.ts';
import type { Pod } from '../../kube/types.ts';
import { podRequests } from '../../podspec/pod-resources.ts';
import type { Finding } from './finding.ts';

/** Amounts by resource name: thousandths of a core for cpu, bytes or counts otherwise. */
export type Amounts = Readonly<Record<string, number>>;

export interface Room {
  readonly capacity: Capacity;
  /** What the Pods that were admitted take, without the one in question; `pods` is their number. */
  readonly used: Amounts;
}

/** What a Pod takes, itself included. */
export function amountsOf(pod: Pod): Amounts {
  return { pods: 1, ...byName(podRequests(pod)) };
}

/** Reasons and texts are the kubelet's (pkg/kubelet/lifecycle/predicate.go, InsufficientResourceError). */
export function roomFindings(pod: Pod, { capacity, used }: Room): Finding[] {
  const total: Amounts = { pods: capacity.instances, ...byName(capacity.resources) };
  return Object.entries(amountsOf(pod)).flatMap(([name, requested]) => {
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

function byName(resources: Resources): Amounts {
  return {
    cpu: resources.cpuMillis ?? 0,
    memory: resources.memoryBytes ?? 0,
    'ephemeral-storage': resources.ephemeralStorageBytes ?? 0,
    ...resources.extended,
  };
}
