import type * as k8s from '@kubernetes/client-node';
import type {
  Wire,
  ConfigMap as WireConfigMap,
  KubeEvent as WireEvent,
  Lease as WireLease,
  Namespace as WireNamespace,
  Node as WireNode,
  Pod as WirePod,
  Service as WireService,
} from '../../../kube/types.ts';
import type { StoredMeta } from '../../store/store.ts';

/** An object as the store hands it out: metadata and, where the kind has one, spec are always there. */
type Stored<T> = Omit<T, 'apiVersion' | 'kind' | 'metadata' | 'spec'> & {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: StoredMeta;
} & (T extends { spec?: infer Spec }
    ? 'spec' extends keyof T
      ? { readonly spec: NonNullable<Spec> }
      : unknown
    : unknown);

export type AnyObject = Stored<{ readonly kind?: string }>;
export type Pod = Stored<WirePod>;
export type Node = Stored<WireNode>;
export type Service = Stored<WireService>;
export type Namespace = Stored<WireNamespace>;
export type ConfigMap = Stored<WireConfigMap>;
export type Lease = Stored<WireLease>;
export type KubeEvent = Stored<WireEvent>;
export type ServiceAccount = Stored<Wire<k8s.V1ServiceAccount>>;
export type PersistentVolumeClaim = Stored<Wire<k8s.V1PersistentVolumeClaim>>;
export type Endpoints = Stored<Wire<k8s.V1Endpoints>>;
export type EndpointSlice = Stored<Wire<k8s.V1EndpointSlice>>;
export type ReplicaSet = Stored<Wire<k8s.V1ReplicaSet>>;
export type Deployment = Stored<Wire<k8s.V1Deployment>>;
export type StatefulSet = Stored<Wire<k8s.V1StatefulSet>>;
export type DaemonSet = Stored<Wire<k8s.V1DaemonSet>>;
export type Job = Stored<Wire<k8s.V1Job>>;
export type CronJob = Stored<Wire<k8s.V1CronJob>>;
export type PodTemplate = Wire<k8s.V1PodTemplateSpec>;
export type LabelSelector = Wire<k8s.V1LabelSelector>;
/** `data` is the part of the owner's spec that a rollback puts back. */
export type ControllerRevision = Stored<{
  readonly revision: number;
  readonly data: { readonly spec: { readonly template: PodTemplate & { readonly $patch?: 'replace' } } };
}>;

/** Where the store keeps a kind. The type parameter is only for the compiler. */
export interface Kind<T> {
  readonly apiVersion: string;
  readonly kind: string;
  /** As ClusterStore wants it: `plural` or `plural.group`. */
  readonly resource: string;
  /** Never set; carries T. */
  readonly object?: T;
}

export type AnyKind = Kind<AnyObject>;

function kind<T>(apiVersion: string, name: string, plural: string): Kind<T> {
  const group = apiVersion.includes('/') ? `.${apiVersion.split('/')[0]}` : '';
  return { apiVersion, kind: name, resource: `${plural}${group}` };
}

export const kinds = {
  pods: kind<Pod>('v1', 'Pod', 'pods'),
  nodes: kind<Node>('v1', 'Node', 'nodes'),
  services: kind<Service>('v1', 'Service', 'services'),
  namespaces: kind<Namespace>('v1', 'Namespace', 'namespaces'),
  configMaps: kind<ConfigMap>('v1', 'ConfigMap', 'configmaps'),
  secrets: kind<AnyObject>('v1', 'Secret', 'secrets'),
  events: kind<KubeEvent>('v1', 'Event', 'events'),
  serviceAccounts: kind<ServiceAccount>('v1', 'ServiceAccount', 'serviceaccounts'),
  persistentVolumeClaims: kind<PersistentVolumeClaim>(
    'v1',
    'PersistentVolumeClaim',
    'persistentvolumeclaims',
  ),
  endpoints: kind<Endpoints>('v1', 'Endpoints', 'endpoints'),
  endpointSlices: kind<EndpointSlice>('discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices'),
  leases: kind<Lease>('coordination.k8s.io/v1', 'Lease', 'leases'),
  replicaSets: kind<ReplicaSet>('apps/v1', 'ReplicaSet', 'replicasets'),
  deployments: kind<Deployment>('apps/v1', 'Deployment', 'deployments'),
  statefulSets: kind<StatefulSet>('apps/v1', 'StatefulSet', 'statefulsets'),
  daemonSets: kind<DaemonSet>('apps/v1', 'DaemonSet', 'daemonsets'),
  controllerRevisions: kind<ControllerRevision>('apps/v1', 'ControllerRevision', 'controllerrevisions'),
  jobs: kind<Job>('batch/v1', 'Job', 'jobs'),
  cronJobs: kind<CronJob>('batch/v1', 'CronJob', 'cronjobs'),
} as const;
