import type { EventRecorder } from '../../kube/events.ts';
import type { Pod } from '../../kube/types.ts';
import type { PodEvents } from '../../pods/pod-reconciler.ts';

/** Events about Pods, told through the recorder. */
export function podEvents(recorder: EventRecorder): PodEvents {
  return (pod, type, reason, message, container) => {
    const { namespace = '', name = '', uid = '', resourceVersion = '' } = pod.metadata ?? {};
    const fieldPath = container === undefined ? undefined : containerPath(pod, container);
    recorder.event({
      object: {
        apiVersion: 'v1',
        kind: 'Pod',
        namespace,
        name,
        uid,
        resourceVersion,
        ...(fieldPath !== undefined && { fieldPath }),
      },
      type,
      reason,
      message,
    });
  };
}

/** As the kubelet names containers in its events, e.g. `spec.containers{web}` (pkg/kubelet/container/ref.go). */
function containerPath({ spec }: Pod, name: string): string | undefined {
  for (const list of ['containers', 'initContainers', 'ephemeralContainers'] as const)
    if (spec?.[list]?.some((container) => container.name === name)) return `spec.${list}{${name}}`;
  return undefined;
}
