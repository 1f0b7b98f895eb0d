import type { ContainerObservation } from '../../../providers/contract/index.ts';
import type { ContainerStatus, Pod } from '../../kube/types.ts';

/**
 * What a status repeats of the mounts of its container (kubelet_pods.go, convertToAPIContainerStatuses). No provider
 * makes what is mounted below a read-only mount read-only too.
 */
export function volumeMounts(
  { spec }: Pod,
  { name, kind }: ContainerObservation,
): Pick<ContainerStatus, 'volumeMounts'> {
  const lists = {
    init: spec?.initContainers,
    regular: spec?.containers,
    ephemeral: spec?.ephemeralContainers,
  };
  const mounts = lists[kind]?.find((container) => container.name === name)?.volumeMounts ?? [];
  if (mounts.length === 0) return {};
  return {
    volumeMounts: mounts.map(({ name, mountPath, readOnly }) => ({
      ...{ name, mountPath },
      ...(readOnly === true && { readOnly, recursiveReadOnly: 'Disabled' }),
    })),
  };
}
