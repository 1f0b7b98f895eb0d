import type { ProviderRule } from './rule.ts';
import { filled, podField, some } from './uses.ts';

/** What is asked for by fields of the Pod itself. Values that only repeat a default ask for nothing. */
export const podRules: readonly ProviderRule[] = [
  {
    feature: 'spec.hostNetwork',
    reason: 'HostNetworkNotSupported',
    fields: ['spec.hostNetwork'],
    find: podField('hostNetwork', (spec) => spec.hostNetwork === true),
  },
  {
    feature: 'spec.hostPID',
    reason: 'HostPIDNotSupported',
    fields: ['spec.hostPID'],
    find: podField('hostPID', (spec) => spec.hostPID === true),
  },
  {
    feature: 'spec.hostIPC',
    reason: 'HostIPCNotSupported',
    fields: ['spec.hostIPC'],
    find: podField('hostIPC', (spec) => spec.hostIPC === true),
  },
  {
    feature: 'spec.hostUsers=false',
    reason: 'UserNamespaceNotSupported',
    fields: ['spec.hostUsers'],
    find: podField('hostUsers', (spec) => spec.hostUsers === false),
  },
  {
    feature: 'spec.shareProcessNamespace',
    reason: 'ShareProcessNamespaceNotSupported',
    fields: ['spec.shareProcessNamespace'],
    find: podField('shareProcessNamespace', (spec) => spec.shareProcessNamespace === true),
  },
  {
    feature: 'spec.runtimeClassName',
    reason: 'RuntimeClassNotSupported',
    fields: ['spec.runtimeClassName'],
    find: podField('runtimeClassName', (spec) => Boolean(spec.runtimeClassName)),
  },
  {
    feature: 'spec.overhead',
    reason: 'OverheadNotSupported',
    fields: ['spec.overhead'],
    find: podField('overhead', (spec) => filled(spec.overhead)),
  },
  {
    feature: 'spec.resourceClaims',
    reason: 'ResourceClaimsNotSupported',
    fields: ['spec.resourceClaims', 'spec.resources.claims', 'container.resources.claims'],
    find: ({ spec }) => [
      ...(some(spec?.resourceClaims) ? ['spec.resourceClaims'] : []),
      ...(some(spec?.resources?.claims) ? ['spec.resources.claims'] : []),
      ...['containers' as const, 'initContainers' as const, 'ephemeralContainers' as const].flatMap((list) =>
        (spec?.[list] ?? []).flatMap(({ resources }, index) =>
          some(resources?.claims) ? [`spec.${list}[${index}].resources.claims`] : [],
        ),
      ),
    ],
  },
  {
    feature: 'spec.resources',
    reason: 'PodResourcesNotSupported',
    fields: ['spec.resources.limits', 'spec.resources.requests'],
    find: podField('resources', ({ resources }) => filled(resources?.limits) || filled(resources?.requests)),
  },
  {
    feature: 'spec.readinessGates',
    reason: 'ReadinessGatesNotSupported',
    fields: ['spec.readinessGates'],
    find: podField('readinessGates', (spec) => some(spec.readinessGates)),
  },
  {
    feature: 'spec.imagePullSecrets',
    reason: 'ImagePullSecretsNotSupported',
    fields: ['spec.imagePullSecrets'],
    find: podField('imagePullSecrets', (spec) => some(spec.imagePullSecrets)),
  },
  {
    feature: 'spec.terminationGracePeriodSeconds',
    reason: 'TerminationGracePeriodNotSupported',
    fields: ['spec.terminationGracePeriodSeconds'],
    find: podField(
      'terminationGracePeriodSeconds',
      ({ terminationGracePeriodSeconds: seconds }) => seconds !== undefined && seconds !== 30,
    ),
  },
  {
    feature: 'spec.hostAliases',
    reason: 'HostAliasesNotSupported',
    fields: ['spec.hostAliases'],
    find: podField('hostAliases', (spec) => some(spec.hostAliases)),
  },
  {
    feature: 'spec.hostname',
    reason: 'HostnameNotSupported',
    fields: ['spec.hostname', 'spec.hostnameOverride', 'spec.subdomain'],
    find: ({ spec }) =>
      (['hostname', 'hostnameOverride', 'subdomain'] as const).flatMap((field) =>
        spec?.[field] ? [`spec.${field}`] : [],
      ),
  },
  {
    feature: 'spec.setHostnameAsFQDN',
    reason: 'HostnameAsFQDNNotSupported',
    fields: ['spec.setHostnameAsFQDN'],
    find: podField('setHostnameAsFQDN', (spec) => spec.setHostnameAsFQDN === true),
  },
  {
    feature: 'spec.dnsPolicy',
    reason: 'DNSPolicyNotSupported',
    fields: ['spec.dnsPolicy'],
    find: podField('dnsPolicy', ({ dnsPolicy = 'ClusterFirst' }) => dnsPolicy !== 'ClusterFirst'),
  },
  {
    feature: 'spec.dnsConfig',
    reason: 'DNSConfigNotSupported',
    fields: ['spec.dnsConfig'],
    find: podField(
      'dnsConfig',
      ({ dnsConfig }) =>
        some(dnsConfig?.nameservers) || some(dnsConfig?.searches) || some(dnsConfig?.options),
    ),
  },
  {
    feature: 'spec.initContainers',
    reason: 'InitContainersNotSupported',
    fields: ['spec.initContainers'],
    find: podField('initContainers', (spec) => some(spec.initContainers)),
  },
  {
    feature: 'spec.initContainers.restartPolicy=Always',
    reason: 'SidecarContainersNotSupported',
    fields: ['spec.initContainers.restartPolicy'],
    find: ({ spec }) =>
      (spec?.initContainers ?? []).flatMap(({ restartPolicy }, index) =>
        restartPolicy === 'Always' ? [`spec.initContainers[${index}].restartPolicy`] : [],
      ),
  },
  {
    feature: 'spec.ephemeralContainers',
    reason: 'EphemeralContainersNotSupported',
    fields: ['spec.ephemeralContainers'],
    find: podField('ephemeralContainers', (spec) => some(spec.ephemeralContainers)),
  },
  {
    feature: 'spec.securityContext.runAsUser',
    reason: 'RunAsUserNotSupported',
    fields: ['spec.securityContext.runAsUser', 'spec.securityContext.runAsGroup'],
    find: ({ spec }) =>
      (['runAsUser', 'runAsGroup'] as const).flatMap((field) =>
        spec?.securityContext?.[field] === undefined ? [] : [`spec.securityContext.${field}`],
      ),
  },
  {
    feature: 'spec.securityContext.runAsNonRoot',
    reason: 'RunAsNonRootNotSupported',
    fields: ['spec.securityContext.runAsNonRoot'],
    find: podField('securityContext.runAsNonRoot', (spec) => spec.securityContext?.runAsNonRoot === true),
  },
  {
    feature: 'spec.securityContext.fsGroup',
    reason: 'FSGroupNotSupported',
    fields: ['spec.securityContext.fsGroup', 'spec.securityContext.fsGroupChangePolicy'],
    find: ({ spec }) =>
      (['fsGroup', 'fsGroupChangePolicy'] as const).flatMap((field) =>
        spec?.securityContext?.[field] === undefined ? [] : [`spec.securityContext.${field}`],
      ),
  },
  {
    feature: 'spec.securityContext.supplementalGroups',
    reason: 'SupplementalGroupsNotSupported',
    fields: ['spec.securityContext.supplementalGroups'],
    find: podField('securityContext.supplementalGroups', (spec) =>
      some(spec.securityContext?.supplementalGroups),
    ),
  },
  {
    feature: 'spec.securityContext.supplementalGroupsPolicy=Strict',
    reason: 'SupplementalGroupsPolicyNotSupported',
    fields: ['spec.securityContext.supplementalGroupsPolicy'],
    find: podField(
      'securityContext.supplementalGroupsPolicy',
      (spec) => spec.securityContext?.supplementalGroupsPolicy === 'Strict',
    ),
  },
  {
    feature: 'spec.securityContext.sysctls',
    reason: 'SysctlsNotSupported',
    fields: ['spec.securityContext.sysctls'],
    find: podField('securityContext.sysctls', (spec) => some(spec.securityContext?.sysctls)),
  },
  {
    feature: 'spec.securityContext.seccompProfile',
    reason: 'SeccompNotSupported',
    fields: ['spec.securityContext.seccompProfile'],
    find: podField('securityContext.seccompProfile', (spec) =>
      confines(spec.securityContext?.seccompProfile),
    ),
  },
  {
    feature: 'spec.securityContext.appArmorProfile',
    reason: 'AppArmorNotSupported',
    fields: ['spec.securityContext.appArmorProfile'],
    find: podField('securityContext.appArmorProfile', (spec) =>
      confines(spec.securityContext?.appArmorProfile),
    ),
  },
  {
    feature: 'spec.securityContext.seLinuxOptions',
    reason: 'SELinuxNotSupported',
    fields: ['spec.securityContext.seLinuxOptions', 'spec.securityContext.seLinuxChangePolicy'],
    find: ({ spec }) => [
      ...(filled(spec?.securityContext?.seLinuxOptions) ? ['spec.securityContext.seLinuxOptions'] : []),
      ...(spec?.securityContext?.seLinuxChangePolicy === undefined
        ? []
        : ['spec.securityContext.seLinuxChangePolicy']),
    ],
  },
  {
    feature: 'spec.securityContext.windowsOptions',
    reason: 'WindowsOptionsNotSupported',
    fields: ['spec.securityContext.windowsOptions'],
    find: podField('securityContext.windowsOptions', (spec) => filled(spec.securityContext?.windowsOptions)),
  },
];

/** A profile that asks for confinement; Unconfined asks for none. */
export function confines(profile: { readonly type: string } | undefined): boolean {
  return profile !== undefined && profile.type !== 'Unconfined';
}
