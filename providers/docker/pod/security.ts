import { ProviderError } from '../../contract/errors.ts';
import type { ContainerSecurity, ContainerSpec, PodSecurity } from '../../contract/instance-spec.ts';
import type { Ownership } from '../../contract/ownership.ts';
import type { HostConfig } from '../engine/shapes.ts';

type SecurityConfig = { readonly User?: string } & Pick<
  HostConfig,
  'GroupAdd' | 'CapAdd' | 'CapDrop' | 'SecurityOpt' | 'ReadonlyRootfs'
>;

/** Who the container runs as and what it may do; what it says itself wins over what the Pod says. */
export function securityConfig(spec: ContainerSpec, pod: PodSecurity, imageUser: string): SecurityConfig {
  const own = spec.securityContext;
  const user = own.runAsUser ?? pod.runAsUser;
  const group = own.runAsGroup ?? pod.runAsGroup;
  const groups = [...(pod.supplementalGroups ?? []), ...(pod.fsGroup === undefined ? [] : [pod.fsGroup])].map(
    String,
  );
  const [imageUserOnly = ''] = imageUser.split(':');
  const named = user === undefined ? imageUserOnly : String(user);
  return {
    ...(group === undefined
      ? user !== undefined && { User: named }
      : { User: `${named === '' ? '0' : named}:${group}` }),
    ...(groups.length > 0 && { GroupAdd: groups }),
    ...(own.capabilities && { CapAdd: own.capabilities.add, CapDrop: own.capabilities.drop }),
    SecurityOpt: securityOptions(own),
    ...(own.readOnlyRootFilesystem && { ReadonlyRootfs: true }),
  };
}

/** An engine without SELinux or AppArmor passes their options over. */
function securityOptions(own: ContainerSecurity): string[] {
  const { allowPrivilegeEscalation, seccompProfile, appArmorProfile, seLinuxOptions = {} } = own;
  if (seccompProfile?.type === 'Localhost')
    throw new ProviderError(
      'Unsupported',
      `failed to generate security options: seccomp profile "${seccompProfile.localhostProfile}" is a file of a node, and the engine is given none; use RuntimeDefault`,
      { field: 'securityContext.seccompProfile', reason: 'CreateContainerError' },
    );
  const apparmor = appArmorProfile?.type === 'Localhost' ? appArmorProfile.localhostProfile : 'unconfined';
  return [
    ...(allowPrivilegeEscalation === false ? ['no-new-privileges'] : []),
    ...(seccompProfile?.type === 'Unconfined' ? ['seccomp=unconfined'] : []),
    ...(appArmorProfile !== undefined && appArmorProfile.type !== 'RuntimeDefault'
      ? [`apparmor=${apparmor}`]
      : []),
    ...Object.entries(seLinuxOptions).map(([name, value]) => `label=${name}:${value}`),
  ];
}

/** In the words of the kubelet (kuberuntime security_context.go verifyRunAsNonRoot). */
export function verifyRunAsNonRoot(
  spec: ContainerSpec,
  pod: PodSecurity,
  imageUser: string,
  owner: Ownership,
): void {
  const own = spec.securityContext;
  if (!(own.runAsNonRoot ?? pod.runAsNonRoot)) return;
  const user = own.runAsUser ?? pod.runAsUser;
  const [imageUserOnly = ''] = imageUser.split(':');
  const where = `(pod: "${owner.name}_${owner.namespace}(${owner.podUid})", container: ${spec.name})`;
  if (user !== undefined) {
    if (user === 0) throw rootForbidden(`container's runAsUser breaks non-root policy ${where}`);
  } else if (!/^\d*$/.test(imageUserOnly)) {
    throw rootForbidden(
      `container has runAsNonRoot and image has non-numeric user (${imageUserOnly}), cannot verify user is non-root ${where}`,
    );
  } else if (Number(imageUserOnly) === 0) {
    throw rootForbidden(`container has runAsNonRoot and image will run as root ${where}`);
  }
}

function rootForbidden(message: string): ProviderError {
  return new ProviderError('InvalidSpec', message, {
    field: 'securityContext.runAsNonRoot',
    reason: 'CreateContainerConfigError',
  });
}
