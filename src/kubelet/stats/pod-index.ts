import type { Pod } from '../../kube/types.ts';
import type { NodeUsage, PodUsage } from './usage.ts';

/** A Pod of the node and what was measured of it. */
export interface MeasuredPod {
  readonly pod: Pod;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly usage: PodUsage;
}

/** The Pods that are bound to the node and were measured; what else runs has no name to publish it under. */
export function measuredPods(pods: readonly Pod[], { pods: usages }: NodeUsage): MeasuredPod[] {
  const byUid = new Map(usages.map((usage) => [usage.uid, usage]));
  return pods.flatMap((pod) => {
    const { namespace = '', name = '', uid = '' } = pod.metadata ?? {};
    const usage = byUid.get(uid);
    return usage === undefined ? [] : [{ pod, namespace, name, uid, usage }];
  });
}
