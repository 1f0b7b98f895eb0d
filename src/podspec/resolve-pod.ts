import type { InstanceSpec } from '../../providers/contract/index.ts';
import type { Pod } from '../kube/types.ts';
import { resolveContainer } from './container.ts';
import { podDns } from './dns.ts';
import { hostNames } from './hostname.ts';
import { Issues, type Problem } from './issues.ts';
import { placed } from './placed-container.ts';
import type { References, ResolveContext, Warning } from './references.ts';
import { registryCredentials } from './registry-credentials.ts';
import { podSecurity } from './security.ts';
import { podVolumes, readOnlyVolumes } from './volumes.ts';

export type PodResolution =
  | { readonly kind: 'spec'; readonly spec: InstanceSpec; readonly warnings: readonly Warning[] }
  | Problem;

/**
 * The Pod with every reference in it replaced by what it leads to. Pure: `refs` holds what exists now. Nothing that
 * cannot be resolved is left out in silence.
 */
export function resolvePod(pod: Pod, refs: References, context: ResolveContext): PodResolution {
  const issues = new Issues();
  const input = { pod, refs, context, issues };
  const { spec: podSpec, metadata } = pod;
  const readOnly = readOnlyVolumes(pod);
  const names = hostNames(pod, context.dns.clusterDomain, issues);
  const spec: InstanceSpec = {
    owner: context.owner,
    ...names,
    restartPolicy: restartPolicy(podSpec?.restartPolicy),
    terminationGracePeriodSeconds: podSpec?.terminationGracePeriodSeconds ?? 30,
    initContainers: placed('initContainers', pod).map((one) => resolveContainer(one, readOnly, input)),
    containers: placed('containers', pod).map((one) => resolveContainer(one, readOnly, input)),
    volumes: podVolumes(input),
    dns: podDns(pod, context.dns, issues),
    hostAliases: (podSpec?.hostAliases ?? []).map(({ ip, hostnames = [] }) => ({ ip, hostnames })),
    registryCredentials: registryCredentials(pod, refs, issues),
    securityContext: podSecurity(podSpec?.securityContext, issues),
    ...(podSpec?.shareProcessNamespace && { shareProcessNamespace: true }),
    labels: metadata?.labels ?? {},
    annotations: metadata?.annotations ?? {},
  };
  return issues.problem ?? { kind: 'spec', spec, warnings: issues.warnings };
}

function restartPolicy(policy: string | undefined): InstanceSpec['restartPolicy'] {
  return policy === 'Never' || policy === 'OnFailure' ? policy : 'Always';
}
