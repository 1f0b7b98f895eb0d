import type { ContainerStatus, Pod, PodStatus } from '../../kube/types.ts';
import { isTerminal } from './phase.ts';

/**
 * Whether the final status of a deleted Pod has still to be written before the Pod is removed. A Pod that ends at its
 * owner's wish and that nothing counts is removed straight away: its life costs two writes (see docs/adr).
 *
 * Somebody looks at the outcome when there are finalizers (Job tracking), when the Pod may end by itself (restartPolicy
 * other than Always: Jobs, CI), or when a container did not end as one that was asked to.
 */
export function finalStatusMatters(pod: Pod, status: PodStatus): boolean {
  if (isTerminal(pod.status?.phase)) return false;
  if ((pod.metadata?.finalizers ?? []).length > 0) return true;
  if (pod.spec?.restartPolicy !== 'Always') return true;
  return [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].some(endedBadly);
}

/** 143 and 137 are the marks of the SIGTERM and SIGKILL that the deletion itself sent. */
function endedBadly({ state }: ContainerStatus): boolean {
  const code = state?.terminated?.exitCode;
  return code !== undefined && code !== 0 && code !== 143 && code !== 137;
}
