import type * as k8s from '@kubernetes/client-node';
import type {
  ConfigMap,
  KubeEvent,
  KubeObject,
  Lease,
  Namespace,
  Node,
  Secret,
  Wire,
} from '../../kube/types.ts';
import { since } from './human-duration.ts';
import { printerOf } from './printer.ts';
import { joined, none, orNone, unknown, unset } from './text.ts';

export const nodePrinter = printerOf<Node>({
  columns: [
    'Name',
    'Status',
    'Roles',
    'Age',
    'Version',
    'wide:Internal-IP',
    'wide:External-IP',
    'wide:OS-Image',
    'wide:Kernel-Version',
    'wide:Container-Runtime',
  ],
  cells: (node, now) => {
    const info = node.status?.nodeInfo;
    const address = (type: string): string =>
      orNone(node.status?.addresses?.find((one) => one.type === type)?.address);
    return [
      node.metadata?.name ?? '',
      nodeStatus(node),
      nodeRoles(node),
      since(node.metadata?.creationTimestamp, now),
      info?.kubeletVersion ?? '',
      address('InternalIP'),
      address('ExternalIP'),
      info?.osImage || unknown,
      info?.kernelVersion || unknown,
      info?.containerRuntimeVersion || unknown,
    ];
  },
});

function nodeStatus({ spec, status }: Node): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const health = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return spec?.unschedulable ? `${health},SchedulingDisabled` : health;
}

const rolePrefix = 'node-role.kubernetes.io/';

function nodeRoles({ metadata }: Node): string {
  const roles = Object.entries(metadata?.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(rolePrefix) && key.length > rolePrefix.length) return [key.slice(rolePrefix.length)];
    return key === 'kubernetes.io/role' && value !== '' ? [value] : [];
  });
  return joined([...new Set(roles)].sort());
}

export const eventPrinter = printerOf<KubeEvent>({
  columns: [
    'Last Seen',
    'Type',
    'Reason',
    'Object',
    'wide:Subobject',
    'wide:Source',
    'Message',
    'wide:First Seen',
    'wide:Count',
    'wide:Name',
  ],
  cells: (event, now) => {
    const { involvedObject: target, series } = event;
    const first = since(event.firstTimestamp ?? event.eventTime, now);
    const last = event.lastTimestamp ? since(event.lastTimestamp, now) : first;
    const kind = target.kind?.toLowerCase() ?? '';
    return [
      series ? since(series.lastObservedTime, now) : last,
      event.type ?? '',
      event.reason ?? '',
      target.name ? `${kind}/${target.name}` : kind,
      target.fieldPath ?? '',
      eventSource(event),
      event.message?.trim() ?? '',
      first,
      series?.count ?? (event.count || 1),
      event.metadata.name ?? '',
    ];
  },
});

function eventSource({ source, reportingComponent, reportingInstance }: KubeEvent): string {
  const component = source?.component || reportingComponent || '';
  const host = source?.host || reportingInstance;
  return host ? `${component}, ${host}` : component;
}

export const namespacePrinter = printerOf<Namespace>({
  columns: ['Name', 'Status', 'Age'],
  cells: ({ metadata, status }, now) => [
    metadata?.name ?? '',
    status?.phase ?? '',
    since(metadata?.creationTimestamp, now),
  ],
});

export const configMapPrinter = printerOf<ConfigMap>({
  columns: ['Name', 'int:Data', 'Age'],
  cells: ({ metadata, data, binaryData }, now) => [
    metadata?.name ?? '',
    Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length,
    since(metadata?.creationTimestamp, now),
  ],
});

export const secretPrinter = printerOf<Secret>({
  columns: ['Name', 'Type', 'int:Data', 'Age'],
  cells: ({ metadata, type, data }, now) => [
    metadata?.name ?? '',
    type ?? '',
    Object.keys(data ?? {}).length,
    since(metadata?.creationTimestamp, now),
  ],
});

export const serviceAccountPrinter = printerOf<Wire<k8s.V1ServiceAccount>>({
  columns: ['Name', 'int:Secrets', 'Age'],
  cells: ({ metadata, secrets }, now) => [
    metadata?.name ?? '',
    secrets?.length ?? 0,
    since(metadata?.creationTimestamp, now),
  ],
});

export const leasePrinter = printerOf<Lease>({
  columns: ['Name', 'Holder', 'Age'],
  cells: ({ metadata, spec }, now) => [
    metadata?.name ?? '',
    spec?.holderIdentity ?? '',
    since(metadata?.creationTimestamp, now),
  ],
});

const accessModes: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

export const persistentVolumeClaimPrinter = printerOf<Wire<k8s.V1PersistentVolumeClaim>>({
  columns: [
    'Name',
    'Status',
    'Volume',
    'Capacity',
    'Access Modes',
    'StorageClass',
    'VolumeAttributesClass',
    'Age',
    'wide:VolumeMode',
  ],
  cells: ({ metadata, spec, status }, now) => {
    const isBound = (spec?.volumeName ?? '') !== '';
    const modes = (status?.accessModes ?? []).map((mode) => accessModes[mode] ?? mode);
    return [
      metadata?.name ?? '',
      metadata?.deletionTimestamp ? 'Terminating' : (status?.phase ?? ''),
      spec?.volumeName ?? '',
      isBound ? (status?.capacity?.storage ?? '0') : '',
      isBound ? modes.join(',') : '',
      metadata?.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName ?? '',
      spec?.volumeAttributesClassName || unset,
      since(metadata?.creationTimestamp, now),
      spec?.volumeMode ?? unset,
    ];
  },
});

export const priorityClassPrinter = printerOf<Wire<k8s.V1PriorityClass>>({
  columns: ['Name', 'int:Value', 'bool:Global-Default', 'Age', 'wide:PreemptionPolicy'],
  cells: ({ metadata, value, globalDefault, preemptionPolicy }, now) => [
    metadata?.name ?? '',
    value ?? 0,
    globalDefault === true,
    since(metadata?.creationTimestamp, now),
    preemptionPolicy ?? '',
  ],
});

/** Role and ClusterRole, and every kind without a printer of its own. */
export const defaultPrinter = printerOf<KubeObject>({
  columns: ['Name', 'Created At'],
  cells: ({ metadata }) => [metadata?.name ?? '', metadata?.creationTimestamp ?? ''],
});

/** RoleBinding and ClusterRoleBinding. */
export const roleBindingPrinter = printerOf<Wire<k8s.V1RoleBinding>>({
  columns: ['Name', 'Role', 'Age', 'wide:Users', 'wide:Groups', 'wide:ServiceAccounts'],
  cells: ({ metadata, roleRef, subjects }, now) => {
    const of = (kind: string): string =>
      (subjects ?? [])
        .filter((subject) => subject.kind === kind)
        .map(({ name, namespace }) => (kind === 'ServiceAccount' ? `${namespace}/${name}` : name))
        .join(', ');
    return [
      metadata?.name ?? '',
      roleRef === undefined ? none : `${roleRef.kind}/${roleRef.name}`,
      since(metadata?.creationTimestamp, now),
      of('User'),
      of('Group'),
      of('ServiceAccount'),
    ];
  },
});
