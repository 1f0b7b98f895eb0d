import type { Pod, Volume } from '../../kube/types.ts';
import type { AnyContainer } from './uses.ts';

/** Where the ServiceAccount admission plugin of the API server mounts the token (plugin/pkg/admission/serviceaccount). */
const tokenPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const tokenVolumePrefix = 'kube-api-access-';

/** The volume that the API server adds to a Pod by itself, not the author of the Pod. */
export function isAutomaticTokenVolume({ name, projected }: Volume): boolean {
  return (
    name.startsWith(tokenVolumePrefix) &&
    (projected?.sources ?? []).some(({ serviceAccountToken }) => serviceAccountToken !== undefined)
  );
}

/** Whether a container mounts that volume as the API server has it. */
export function isAutomaticTokenMount(
  mount: NonNullable<AnyContainer['volumeMounts']>[number],
  pod: Pod,
): boolean {
  const volume = pod.spec?.volumes?.find(({ name }) => name === mount.name);
  return mount.mountPath === tokenPath && volume !== undefined && isAutomaticTokenVolume(volume);
}
