import type * as k8s from '@kubernetes/client-node';
import type { Resource } from '../../../src/kube/resources.ts';
import type { KubeObject, Wire } from '../../../src/kube/types.ts';

type PodDisruptionBudget = Wire<k8s.V1PodDisruptionBudget>;
type Eviction = Wire<k8s.V1Eviction>;
export type ClusterRole = Wire<k8s.V1ClusterRole>;
export type ServiceAccount = Wire<k8s.V1ServiceAccount>;

export const serviceAccounts: Resource<ServiceAccount> = {
  ...{ group: '', version: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts', namespaced: true },
};

/** Made as the subresource `eviction` of a Pod. */
export const evictions: Resource<Eviction> = {
  ...{ group: '', version: 'v1', kind: 'Eviction', plural: 'pods', namespaced: true },
};

export const podDisruptionBudgets: Resource<PodDisruptionBudget> = {
  ...{ group: 'policy', version: 'v1', kind: 'PodDisruptionBudget', namespaced: true },
  plural: 'poddisruptionbudgets',
};

/** Any other, by what stands in a manifest. */
export function resourceOf<T extends KubeObject>(
  apiVersion: string,
  kind: string,
  plural: string,
): Resource<T> {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  return { group, version, kind, plural, namespaced: true };
}
