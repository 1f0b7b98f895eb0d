import type * as k8s from '@kubernetes/client-node';
import type { Service, Wire } from '../../kube/types.ts';
import { since } from './human-duration.ts';
import { printerOf } from './printer.ts';
import { firstThree, joined, labels, none, orNone, unset } from './text.ts';

export const servicePrinter = printerOf<Service>({
  columns: ['Name', 'Type', 'Cluster-IP', 'External-IP', 'Port(s)', 'Age', 'wide:Selector'],
  cells: (service, now) => {
    const { metadata, spec } = service;
    return [
      metadata?.name ?? '',
      spec?.type ?? '',
      spec?.type === 'ExternalName' ? none : orNone(spec?.clusterIPs?.[0] ?? spec?.clusterIP),
      externalIp(service),
      servicePorts(service),
      since(metadata?.creationTimestamp, now),
      labels(spec?.selector),
    ];
  },
});

function externalIp({ spec, status }: Service): string {
  if (spec?.type === 'ExternalName') return orNone(spec.externalName);
  if (spec?.type !== 'LoadBalancer') return joined(spec?.externalIPs);
  const ingress = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname ?? '');
  const all = [...ingress, ...(spec.externalIPs ?? [])];
  return all.length > 0 ? all.join(',') : '<pending>';
}

function servicePorts({ spec }: Service): string {
  return joined(
    spec?.ports?.map(({ port, nodePort, protocol = 'TCP' }) =>
      nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
    ),
  );
}

export const endpointsPrinter = printerOf<Wire<k8s.V1Endpoints>>({
  columns: ['Name', 'Endpoints', 'Age'],
  cells: ({ metadata, subsets }, now) => {
    const all = (subsets ?? []).flatMap(({ addresses = [], ports = [] }) =>
      ports.length === 0
        ? addresses.map(({ ip }) => ip)
        : ports.flatMap(({ port }) => addresses.map(({ ip }) => hostPort(ip, port))),
    );
    const shown = (subsets ?? []).length === 0 ? none : firstThree(all);
    return [metadata?.name ?? '', shown, since(metadata?.creationTimestamp, now)];
  },
});

function hostPort(ip: string, port: number): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

export const endpointSlicePrinter = printerOf<Wire<k8s.V1EndpointSlice>>({
  columns: ['Name', 'AddressType', 'Ports', 'Endpoints', 'Age'],
  cells: ({ metadata, addressType, ports, endpoints }, now) => [
    metadata?.name ?? '',
    addressType,
    firstThree((ports ?? []).map(({ port, name }) => (port === undefined ? (name ?? '*') : String(port)))) ||
      unset,
    firstThree((endpoints ?? []).flatMap(({ addresses }) => addresses)) || unset,
    since(metadata?.creationTimestamp, now),
  ],
});
