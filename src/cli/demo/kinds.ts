import type * as k8s from '@kubernetes/client-node';
import type { Resource } from '../../kube/resources.ts';
import type { KubeObject, Wire } from '../../kube/types.ts';

export type Deployment = Wire<k8s.V1Deployment>;
export type StatefulSet = Wire<k8s.V1StatefulSet>;
export type DaemonSet = Wire<k8s.V1DaemonSet>;
export type Job = Wire<k8s.V1Job>;
export type CronJob = Wire<k8s.V1CronJob>;

function workload<T extends KubeObject>(group: string, kind: string, plural: string): Resource<T> {
  return { group, version: 'v1', kind, plural, namespaced: true };
}

export const deployments = workload<Deployment>('apps', 'Deployment', 'deployments');
export const statefulSets = workload<StatefulSet>('apps', 'StatefulSet', 'statefulsets');
export const daemonSets = workload<DaemonSet>('apps', 'DaemonSet', 'daemonsets');
export const jobs = workload<Job>('batch', 'Job', 'jobs');
export const cronJobs = workload<CronJob>('batch', 'CronJob', 'cronjobs');
