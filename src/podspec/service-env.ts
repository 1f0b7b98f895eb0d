import type { Service } from '../kube/types.ts';

/**
 * Where the services are, as variables (pkg/kubelet/envvars, kubelet_pods.go getServiceEnvVarMap): always those of
 * `kubernetes`, and with service links those of every service of the namespace that has an address.
 */
export function serviceEnv(
  services: readonly Service[],
  namespace: string,
  serviceLinks: boolean,
): Map<string, string> {
  const variables = new Map<string, string>();
  for (const service of visible(services, namespace, serviceLinks))
    for (const [name, value] of variablesOf(service)) variables.set(name, value);
  return variables;
}

/** By name; a service of the Pod's own namespace hides `kubernetes` of the namespace default. */
function visible(services: readonly Service[], namespace: string, serviceLinks: boolean): Iterable<Service> {
  const byName = new Map<string, Service>();
  for (const service of services) {
    const { name = '', namespace: home } = service.metadata ?? {};
    const address = service.spec?.clusterIP;
    if (!address || address === 'None' || (service.spec?.ports ?? []).length === 0) continue;
    if (home === 'default' && name === 'kubernetes') {
      if (!byName.has(name)) byName.set(name, service);
    } else if (home === namespace && serviceLinks) byName.set(name, service);
  }
  return byName.values();
}

function variablesOf({ metadata, spec }: Service): [name: string, value: string][] {
  const { clusterIP: address = '', ports = [] } = spec ?? {};
  const prefix = variableName(metadata?.name ?? '');
  const host = address.includes(':') ? `[${address}]` : address;
  const variables: [string, string][] = [
    [`${prefix}_SERVICE_HOST`, address],
    [`${prefix}_SERVICE_PORT`, String(ports[0]?.port)],
  ];
  for (const { name, port } of ports)
    if (name) variables.push([`${prefix}_SERVICE_PORT_${variableName(name)}`, String(port)]);
  for (const [index, { port, protocol = 'TCP' }] of ports.entries()) {
    const url = `${protocol.toLowerCase()}://${host}:${port}`;
    const link = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`;
    if (index === 0) variables.push([`${prefix}_PORT`, url]);
    variables.push(
      [link, url],
      [`${link}_PROTO`, protocol.toLowerCase()],
      [`${link}_PORT`, String(port)],
      [`${link}_ADDR`, address],
    );
  }
  return variables;
}

function variableName(name: string): string {
  return name.replaceAll('-', '_').toUpperCase();
}
