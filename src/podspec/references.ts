import type { DnsSpec, Ownership, Resources } from '../../providers/contract/index.ts';
import type { ConfigMap, Secret, Service } from '../kube/types.ts';

/** What the references of one Pod lead to, as far as it exists. Maps are by name, in the namespace of the Pod. */
export interface References {
  readonly configMaps: ReadonlyMap<string, ConfigMap>;
  readonly secrets: ReadonlyMap<string, Secret>;
  /** Services of the Pod's namespace, and `kubernetes` of the namespace default. */
  readonly services: readonly Service[];
  /** Service account tokens, by {@link tokenKey}. */
  readonly tokens: ReadonlyMap<string, string>;
}

/** What the node knows and the Pod does not say. */
export interface ResolveContext {
  readonly owner: Ownership;
  /** Addresses of the node, the first is `status.hostIP`. */
  readonly hostIps: readonly string[];
  /** Stands in for a limit that is not set, in the downward API. */
  readonly allocatable: Resources;
  readonly dns: NodeDns;
}

export interface NodeDns {
  /** Addresses of the cluster's DNS service; none = Pods are told to use what the host uses. */
  readonly clusterDns: readonly string[];
  /** '' = search domains of the cluster are left out. */
  readonly clusterDomain: string;
  /** What is in the resolv.conf of the host, or what instances are to have in its place. */
  readonly host: DnsSpec;
}

/** Something that has to be there before the Pod can start. */
export interface Missing {
  /** `Pod` = its own labels or annotations have to change. */
  readonly kind: 'ConfigMap' | 'Secret' | 'ServiceAccountToken' | 'Pod';
  readonly namespace: string;
  /** For a token: of the service account. */
  readonly name: string;
  /** The field that asks for it. */
  readonly field: string;
  /** The container that asks for it; absent: the Pod, for all of them. */
  readonly container?: string;
  /** Waiting reason of the containers: CreateContainerConfigError for variables, ContainerCreating for volumes. */
  readonly reason: 'CreateContainerConfigError' | 'ContainerCreating';
  /** The kubelet's text. */
  readonly message: string;
}

/** Something in the Pod that can never be. */
export interface Invalid {
  readonly reason: string;
  readonly field: string;
  /** What is wrong with the field, without its name. */
  readonly message: string;
}

/** For an Event; the Pod starts all the same. */
export interface Warning {
  readonly reason: string;
  readonly message: string;
}

export function tokenKey(volume: string, path: string): string {
  return `${volume}/${path}`;
}
