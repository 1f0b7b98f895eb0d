import type { NodeView } from '../../kubelet/node-view.ts';
import type { PodController } from '../../pods/pod-controller.ts';

/** What the node API may know of the Pods. */
export function viewOf(controller: PodController, trouble: NodeView['trouble']): NodeView {
  return {
    pods: () => controller.pods.list().map((pod) => controller.newest(pod)),
    pod(namespace, name) {
      const pod = controller.pods.get(`${namespace}/${name}`);
      if (pod === undefined) return undefined;
      return {
        pod: controller.newest(pod),
        instance: controller.instances.of(pod.metadata?.uid ?? '').at(-1),
      };
    },
    instances: () => [...controller.instances.uids()].flatMap((uid) => controller.instances.of(uid)),
    trouble,
  };
}

/** Instances without a Pod. Before the Pods were listed nobody knows whose an instance is. */
export function orphansOf({ ready, instances, pods }: PodController): number {
  if (!ready) return 0;
  return [...instances.uids()].filter((uid) => pods.getByUid(uid) === undefined).length;
}
