import type { EventRecorder } from '../../kube/events.ts';
import type { NodeTeller } from '../../node/certificates/certificate-source.ts';

/** Events about a node. As the kubelet does, they take the name for the UID, which is not known before it is registered. */
export function nodeTeller(recorder: Pick<EventRecorder, 'event'>, name: string): NodeTeller {
  return (type, reason, message) =>
    recorder.event({ object: { apiVersion: 'v1', kind: 'Node', name, uid: name }, type, reason, message });
}
