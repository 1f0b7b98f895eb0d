import type { DnsSpec } from '../../providers/contract/index.ts';
import type { Pod } from '../kube/types.ts';
import type { Issues } from './issues.ts';
import type { NodeDns } from './references.ts';

/** Limits of the kubelet (pkg/apis/core/validation); the longest domain name is 253 characters. */
const maxNameservers = 3;
const maxSearches = 32;
const maxSearchLength = 2048;
const maxDomainLength = 253;

/** What the Pod resolves names with (pkg/kubelet/network/dns, GetPodDNS). */
export function podDns(pod: Pod, node: NodeDns, issues: Issues): DnsSpec {
  const base = baseOf(pod, node, issues);
  const { nameservers = [], searches = [], options = [] } = pod.spec?.dnsConfig ?? {};
  const merged = {
    nameservers: unique([...base.nameservers, ...nameservers]),
    searches: unique([...base.searches, ...searches]),
    options: mergeOptions([
      ...base.options,
      ...options.flatMap(({ name, value }) => (name ? [value ? { name, value } : { name }] : [])),
    ]),
  };
  return withinLimits(merged, issues);
}

function baseOf(pod: Pod, { clusterDns, clusterDomain, host }: NodeDns, issues: Issues): DnsSpec {
  const { dnsPolicy = 'ClusterFirst', hostNetwork = false } = pod.spec ?? {};
  if (dnsPolicy === 'None') return { nameservers: [], searches: [], options: [] };
  if (dnsPolicy === 'Default' || (dnsPolicy === 'ClusterFirst' && hostNetwork)) return host;
  if (clusterDns.length === 0) {
    issues.addWarning(
      'MissingClusterDNS',
      `kubelet does not have ClusterDNS IP configured and cannot create Pod using "${dnsPolicy}" policy. Falling back to "Default" policy.`,
    );
    return host;
  }
  const namespace = pod.metadata?.namespace ?? '';
  const own =
    clusterDomain === '' ? [] : [`${namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain];
  return {
    nameservers: clusterDns,
    searches: unique([...own, ...host.searches]),
    options: [{ name: 'ndots', value: '5' }],
  };
}

/** By name, the last one wins. */
function mergeOptions(options: DnsSpec['options']): DnsSpec['options'] {
  return [...new Map(options.map((option) => [option.name, option])).values()];
}

function withinLimits({ nameservers, searches, options }: DnsSpec, issues: Issues): DnsSpec {
  const servers = nameservers.slice(0, maxNameservers);
  if (servers.length < nameservers.length)
    issues.addWarning(
      'DNSConfigForming',
      `Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ${servers.join(' ')}`,
    );
  const domains = searches.slice(0, maxSearches).filter((domain) => domain.length <= maxDomainLength);
  while (domains.join(' ').length > maxSearchLength) domains.pop();
  if (domains.length < searches.length)
    issues.addWarning(
      'DNSConfigForming',
      `Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${domains.join(' ')}`,
    );
  return { nameservers: servers, searches: domains, options };
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
