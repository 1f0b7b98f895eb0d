import type { ContainerSecurity, PodSecurity, SecurityProfile } from '../../providers/contract/index.ts';
import type { Container, PodSpec } from '../kube/types.ts';
import type { Issues } from './issues.ts';

type PodContext = PodSpec['securityContext'];
/** The two kinds have the same fields. */
type Profile = NonNullable<NonNullable<PodContext>['seccompProfile']>;

/** Those that touch nobody but the Pod (pkg/kubelet/sysctl/safe_sysctls.go); a kubelet takes others only when told to. */
const safeSysctls: ReadonlySet<string> = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
]);

export function podSecurity(context: PodContext, issues: Issues): PodSecurity {
  const { runAsUser, runAsGroup, runAsNonRoot, fsGroup, supplementalGroups } = context ?? {};
  const sysctls = (context?.sysctls ?? []).map(({ name, value }) => ({
    name: name.replaceAll('/', '.'),
    value,
  }));
  for (const { name } of sysctls)
    if (!safeSysctls.has(name))
      issues.invalid.push({
        reason: 'SysctlForbidden',
        field: 'spec.securityContext.sysctls',
        message: `forbidden sysctl: "${name}" not allowlisted`,
      });
  return {
    ...(runAsUser === undefined ? {} : { runAsUser }),
    ...(runAsGroup === undefined ? {} : { runAsGroup }),
    ...(runAsNonRoot === undefined ? {} : { runAsNonRoot }),
    ...(fsGroup === undefined ? {} : { fsGroup }),
    ...(supplementalGroups === undefined ? {} : { supplementalGroups }),
    ...(sysctls.length > 0 && { sysctls }),
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
  const seccompProfile = profileOf(context?.seccompProfile ?? podContext?.seccompProfile);
  const appArmorProfile = profileOf(context?.appArmorProfile ?? podContext?.appArmorProfile);
  const seLinuxOptions = context?.seLinuxOptions ?? podContext?.seLinuxOptions;
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
    ...(seccompProfile && { seccompProfile }),
    ...(appArmorProfile && { appArmorProfile }),
    ...(seLinuxOptions && { seLinuxOptions }),
  };
}

function profileOf(profile: Profile | undefined): SecurityProfile | undefined {
  const { type, localhostProfile } = profile ?? {};
  return type === 'RuntimeDefault' || type === 'Unconfined' || type === 'Localhost'
    ? { type, ...(localhostProfile !== undefined && { localhostProfile }) }
    : undefined;
}
