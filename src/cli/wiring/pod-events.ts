import type { EventRecorder } from '../../kube/events.ts';
import type { PodEvents } from '../../pods/pod-reconciler.ts';

/** Events about Pods, told through the recorder. */
export function podEvents(recorder: EventRecorder): PodEvents {
  return (pod, type, reason, message) => {
    const { namespace = '', name = '', uid = '', resourceVersion = '' } = pod.metadata ?? {};
    recorder.event({
      object: { apiVersion: 'v1', kind: 'Pod', namespace, name, uid, resourceVersion },
      type,
      reason,
      message,
    });
  };
}
