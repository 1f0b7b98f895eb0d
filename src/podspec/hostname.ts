import type { Pod } from '../kube/types.ts';
import type { Issues } from './issues.ts';

const maxLabel = 63;
/** Linux keeps no longer host name. */
const maxHostname = 64;

export interface HostNames {
  readonly hostname: string;
  /** Absent = the Pod has no subdomain. */
  readonly fqdn?: string;
}

/** What the instance calls itself (kubelet_pods.go, GeneratePodHostNameAndDomain). */
export function hostNames(pod: Pod, clusterDomain: string, issues: Issues): HostNames {
  const { hostname, hostnameOverride, subdomain, setHostnameAsFQDN } = pod.spec ?? {};
  if (hostnameOverride) return { hostname: hostnameOverride };
  const { name = '', namespace = '' } = pod.metadata ?? {};
  const short = hostname || name.slice(0, maxLabel).replace(/[-.]+$/, '');
  if (!subdomain) return { hostname: short };
  const fqdn = [short, subdomain, namespace, 'svc', ...(clusterDomain === '' ? [] : [clusterDomain])].join(
    '.',
  );
  if (setHostnameAsFQDN !== true) return { hostname: short, fqdn };
  if (fqdn.length > maxHostname)
    issues.addInvalid(
      'spec.setHostnameAsFQDN',
      `the FQDN ${fqdn} is ${fqdn.length} characters long, a host name at most ${maxHostname}`,
    );
  return { hostname: fqdn, fqdn };
}
