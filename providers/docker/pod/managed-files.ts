import type { PodRecord } from './pod-record.ts';

/** The whole of /etc/hosts as the kubelet writes it (pkg/kubelet/kubelet_pods.go managedHostsFileContent). */
export function hostsFile(record: PodRecord, ips: readonly string[]): string {
  const { hostname, fqdn, hostAliases } = record;
  const lines = [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'fe00::0\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
    ...ips.map((ip) => [ip, ...(fqdn === undefined ? [] : [fqdn]), hostname].join('\t')),
  ];
  if (hostAliases.length > 0)
    lines.push(
      '',
      '# Entries added by HostAliases.',
      ...hostAliases.map(({ ip, hostnames }) => [ip, ...hostnames].join('\t')),
    );
  return `${lines.join('\n')}\n`;
}

/** Undefined when the Pod has no wishes: the engine's own resolver serves it then. */
export function resolverFile({ dns }: PodRecord): string | undefined {
  const { nameservers, searches, options } = dns;
  if (nameservers.length + searches.length + options.length === 0) return undefined;
  const written = options.map(({ name, value }) => (value === undefined ? name : `${name}:${value}`));
  return [
    ...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
    ...nameservers.map((server) => `nameserver ${server}`),
    ...(written.length > 0 ? [`options ${written.join(' ')}`] : []),
    '',
  ].join('\n');
}
