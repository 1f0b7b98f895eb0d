import type { Waiting } from './status/pod-status.ts';

/**
 * What the kubelet tells of a Pod that lacks something: of the one container whose variables it is for
 * (kuberuntime_container.go), or of the Pod, whose volume it is for (operationexecutor).
 */
export function waitingEvent({ message, container }: Waiting): {
  readonly reason: string;
  readonly message: string;
  readonly container?: string;
} {
  if (container === undefined) return { reason: 'FailedMount', message };
  return { reason: 'Failed', message: `Error: ${message}`, container };
}
