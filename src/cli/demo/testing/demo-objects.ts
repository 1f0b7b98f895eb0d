import type { KubeEvent, Pod } from '../../../kube/types.ts';
import type { CronJob, Deployment, Job, StatefulSet } from '../kinds.ts';
import type { Observed } from '../observed.ts';

/** Nothing at all, with what is given in its place. */
export function observed(part: Partial<Observed> = {}): Observed {
  return {
    ...{ deployments: [], statefulSets: [], daemonSets: [], jobs: [], cronJobs: [] },
    ...{ pods: [], gonePods: [], events: [], instances: new Set(), answers: new Map() },
    ...part,
  };
}

const createdAt = '2026-01-01T00:00:00Z';

/** A Pod whose UID is its name. `owner` is `Kind/name`. */
export function pod(
  name: string,
  status: Pod['status'],
  owner?: string,
  spec: Partial<Pod['spec']> = {},
): Pod {
  const [kind = '', ownerName = ''] = owner?.split('/') ?? [];
  const hash = kind === 'ReplicaSet' ? ownerName.split('-').at(-1) : undefined;
  return {
    metadata: {
      name,
      uid: name,
      namespace: 'demo',
      creationTimestamp: createdAt,
      ...(hash === undefined ? {} : { labels: { 'pod-template-hash': hash } }),
      ...(owner === undefined
        ? {}
        : { ownerReferences: [{ apiVersion: 'x', kind, name: ownerName, uid: owner }] }),
    },
    spec: { containers: [{ name: 'main' }], ...spec },
    ...(status === undefined ? {} : { status }),
  };
}

export function running(name: string, owner: string, podIP: string, ready = true): Pod {
  const state = { running: { startedAt: createdAt } };
  return pod(
    name,
    {
      phase: 'Running',
      podIP,
      podIPs: [{ ip: podIP }],
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      containerStatuses: [{ name: 'main', image: '', imageID: '', ready, restartCount: 0, state }],
    },
    owner,
  );
}

export function refused(name: string, reason: string, field: string, owner?: string): Pod {
  return pod(name, { phase: 'Failed', reason, message: `Pod was rejected: ${field}: no` }, owner);
}

export function warning(about: string, reason: string): KubeEvent {
  return { metadata: { name: about }, involvedObject: { uid: about }, type: 'Warning', reason };
}

function meta(name: string) {
  return { name, namespace: 'demo', uid: name, creationTimestamp: createdAt };
}

export function deployment(name: string, replicas: number, ready: number): Deployment {
  const counts = { replicas, readyReplicas: ready, updatedReplicas: replicas };
  return { metadata: meta(name), spec: { replicas, selector: {}, template: {} }, status: counts };
}

export function statefulSet(name: string, replicas: number, ready: number): StatefulSet {
  return {
    metadata: meta(name),
    spec: { replicas, selector: {}, serviceName: name, template: {} },
    status: { replicas, readyReplicas: ready },
  };
}

export function job(name: string, end?: 'Complete' | 'Failed'): Job {
  const conditions =
    end === undefined
      ? []
      : [{ type: end, status: 'True', reason: 'BackoffLimitExceeded', message: 'too often' }];
  return {
    metadata: meta(name),
    spec: { completions: 1, template: {} },
    status: { conditions, succeeded: end === 'Complete' ? 1 : 0 },
  };
}

export function cronJob(name: string, schedule: string): CronJob {
  return { metadata: meta(name), spec: { schedule, jobTemplate: {} } };
}
