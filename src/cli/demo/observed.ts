import type { KubeEvent, Pod } from '../../kube/types.ts';
import type { CronJob, DaemonSet, Deployment, Job, StatefulSet } from './kinds.ts';

/** Everything that is known of the demo at one moment. */
export interface Observed {
  readonly deployments: readonly Deployment[];
  readonly statefulSets: readonly StatefulSet[];
  readonly daemonSets: readonly DaemonSet[];
  readonly jobs: readonly Job[];
  readonly cronJobs: readonly CronJob[];
  readonly pods: readonly Pod[];
  /** Pods that are no more, as they were last; the latest of them last. */
  readonly gonePods: readonly Pod[];
  readonly events: readonly KubeEvent[];
  /** UIDs of the Pods that have an instance at the provider. */
  readonly instances: ReadonlySet<string>;
  /** By the key of the question. */
  readonly answers: ReadonlyMap<string, Answer>;
}

/** Something that only the Pod itself, or its log, can tell. */
export interface Question {
  readonly key: string;
  readonly about:
    | { readonly type: 'http'; readonly url: string }
    | { readonly type: 'log'; readonly namespace: string; readonly pod: string };
}

export type Answer = { readonly status: number; readonly body: string } | { readonly error: string };

export function named<T extends { metadata?: { name?: string } }>(
  objects: readonly T[],
  name: string,
): T | undefined {
  return objects.find(({ metadata }) => metadata?.name === name);
}

export function nameOf({ metadata }: { metadata?: { name?: string } }): string {
  return metadata?.name ?? '';
}

export function isOwnedBy(pod: Pod, kind: string, name: string): boolean {
  return (pod.metadata?.ownerReferences ?? []).some((owner) => owner.kind === kind && owner.name === name);
}

/** Between a Deployment and its Pods stands the ReplicaSet of each revision. */
export function podsOfDeployment(pods: readonly Pod[], name: string): readonly Pod[] {
  return pods.filter((pod) =>
    isOwnedBy(pod, 'ReplicaSet', `${name}-${pod.metadata?.labels?.['pod-template-hash']}`),
  );
}

export function isReady({ status }: Pod): boolean {
  return (status?.conditions ?? []).some((one) => one.type === 'Ready' && one.status === 'True');
}
