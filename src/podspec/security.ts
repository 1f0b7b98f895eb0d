import type { ContainerSecurity, PodSecurity } from '../../providers/contract/index.ts';
import type { Container, PodSpec } from '../kube/types.ts';

type PodContext = PodSpec['securityContext'];

export function podSecurity(context: PodContext): PodSecurity {
  const { runAsUser, runAsGroup, runAsNonRoot, fsGroup, supplementalGroups } = context ?? {};
  return {
    ...(runAsUser === undefined ? {} : { runAsUser }),
    ...(runAsGroup === undefined ? {} : { runAsGroup }),
    ...(runAsNonRoot === undefined ? {} : { runAsNonRoot }),
    ...(fsGroup === undefined ? {} : { fsGroup }),
    ...(supplementalGroups === undefined ? {} : { supplementalGroups }),
  };
}

/** What the container says, and where it says nothing, what the Pod says (pkg/securitycontext/util.go). */
export function containerSecurity(
  context: Container['securityContext'],
  podContext: PodContext,
): ContainerSecurity {
  const runAsUser = context?.runAsUser ?? podContext?.runAsUser;
  const runAsGroup = context?.runAsGroup ?? podContext?.runAsGroup;
  const runAsNonRoot = context?.runAsNonRoot ?? podContext?.runAsNonRoot;
  const { readOnlyRootFilesystem, allowPrivilegeEscalation, capabilities } = context ?? {};
  return {
    ...(runAsUser === undefined ? {} : { runAsUser }),
    ...(runAsGroup === undefined ? {} : { runAsGroup }),
    ...(runAsNonRoot === undefined ? {} : { runAsNonRoot }),
    ...(readOnlyRootFilesystem === undefined ? {} : { readOnlyRootFilesystem }),
    ...(allowPrivilegeEscalation === undefined ? {} : { allowPrivilegeEscalation }),
    ...(capabilities === undefined
      ? {}
      : { capabilities: { add: capabilities.add ?? [], drop: capabilities.drop ?? [] } }),
  };
}
