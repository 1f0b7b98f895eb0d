import type { ContainerObservation, Instance } from '../../../providers/contract/index.ts';
import type { Pod } from '../../kube/types.ts';

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

export function isTerminal(phase: string | undefined): phase is 'Succeeded' | 'Failed' {
  return phase === 'Succeeded' || phase === 'Failed';
}

/** By the word of its status the Pod had an instance: the ID of one of its containers is in it. */
export function showsInstance({ status }: Pod): boolean {
  const statuses = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return statuses.some(({ containerID }) => containerID !== undefined && containerID !== '');
}

/** Names of the init containers that keep running beside the regular ones. */
export function sidecarNames(pod: Pod): ReadonlySet<string> {
  const sidecars = (pod.spec?.initContainers ?? []).filter(
    (container) => container.restartPolicy === 'Always',
  );
  return new Set(sidecars.map((container) => container.name));
}

function endedWell(container: ContainerObservation): boolean {
  const ended = container.state.kind === 'terminated' ? container.state : container.lastState;
  return ended?.exitCode === 0;
}

/**
 * The phase of a Pod from what its instance shows (pkg/kubelet/kubelet_pods.go, getPhase). It is terminal only when
 * the instance is Stopped: as long as something may still run, the Pod has not ended.
 */
export function podPhase(pod: Pod, instance: Instance): PodPhase {
  const sidecars = sidecarNames(pod);
  const regular = instance.containers.filter((container) => container.kind === 'regular');
  const init = instance.containers.filter(
    (container) => container.kind === 'init' && !sidecars.has(container.name),
  );
  if (instance.phase === 'Stopped') {
    // Even where all ended with 0: they were asked to, and their work is not done.
    if (instance.stopCause !== undefined) return 'Failed';
    const all = pod.spec?.containers.length ?? 0;
    const well = init.every(endedWell) && regular.length === all && regular.every(endedWell);
    return well ? 'Succeeded' : 'Failed';
  }
  const begun = regular.some(
    (container) => container.state.kind !== 'waiting' || container.lastState !== undefined,
  );
  const waiting = regular.some(
    (container) => container.state.kind === 'waiting' && container.lastState === undefined,
  );
  if (!begun || waiting || regular.length < (pod.spec?.containers.length ?? 0)) return 'Pending';
  return 'Running';
}
