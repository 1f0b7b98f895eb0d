import { request } from 'node:https';
import type { DevCluster } from '../../src/devcluster/dev-cluster.ts';
import type { StoredObject } from '../../src/devcluster/store/store.ts';
import type { Node, Pod } from '../../src/kube/types.ts';

const nodeName = 'stand-in';

/**
 * Scheduler and kubelet in one, without containers: binds every Pod that its labels allow, says that it runs (or that
 * it has completed, when it is not to be restarted), and lets go of what is deleted.
 */
export function startStandInNode(cluster: DevCluster): () => void {
  cluster.store.create('nodes', node());
  const heartbeat = setInterval(() => renewLease(cluster), 5_000);
  renewLease(cluster);
  const unsubscribe = cluster.store.subscribe('pods', ({ type, object }) => {
    if (type === 'DELETED') return;
    const { name, namespace, uid } = object.metadata;
    setImmediate(() => {
      const current = cluster.store.get('pods', namespace, name);
      if (current?.metadata.uid === uid) tend(cluster, current);
    });
  });
  return () => {
    clearInterval(heartbeat);
    unsubscribe();
  };
}

function renewLease({ store }: DevCluster): void {
  const spec = { holderIdentity: nodeName, leaseDurationSeconds: 40, renewTime: new Date().toISOString() };
  const lease = store.get('leases.coordination.k8s.io', 'kube-node-lease', nodeName);
  if (lease !== undefined) store.update('leases.coordination.k8s.io', { ...lease, spec });
  else
    store.create('leases.coordination.k8s.io', {
      metadata: { name: nodeName, namespace: 'kube-node-lease' },
      spec,
    });
}

function tend(cluster: DevCluster, object: Readonly<StoredObject>): void {
  const pod = object as unknown as Pod;
  const { name, namespace, deletionTimestamp } = object.metadata;
  if (pod.spec?.nodeName === undefined) {
    if (deletionTimestamp === undefined && fits(pod)) void bind(cluster, object);
  } else if (pod.spec.nodeName !== nodeName) {
    return;
  } else if (deletionTimestamp !== undefined) {
    cluster.store.delete('pods', namespace, name, { gracePeriodSeconds: 0 });
  } else if (pod.status?.phase === 'Pending') {
    cluster.store.update('pods', { ...object, status: runningStatus(pod) }, 'status');
  } else if (pod.status?.phase === 'Running' && pod.spec.restartPolicy !== 'Always') {
    cluster.store.update('pods', { ...object, status: completedStatus(pod) }, 'status');
  }
}

const labels = {
  'kubernetes.io/hostname': nodeName,
  'kubernetes.io/os': 'linux',
  'node-role.kubernetes.io/virtual': '',
};

function fits(pod: Pod): boolean {
  const here: Readonly<Record<string, string>> = labels;
  return Object.entries(pod.spec?.nodeSelector ?? {}).every(([key, value]) => here[key] === value);
}

function node(): Node {
  const resources = { cpu: '64', memory: '256Gi', pods: '1000', 'ephemeral-storage': '1Ti' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: nodeName, labels },
    spec: { podCIDR: '10.244.0.0/24' },
    status: {
      capacity: resources,
      allocatable: resources,
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'StandIn',
          message: 'it always is',
          lastTransitionTime: now(),
        },
      ],
      addresses: [
        { type: 'InternalIP', address: '127.0.0.1' },
        { type: 'Hostname', address: nodeName },
      ],
      nodeInfo: {
        architecture: 'amd64',
        bootID: '',
        containerRuntimeVersion: 'stand-in://1',
        kernelVersion: '6',
        kubeProxyVersion: '',
        kubeletVersion: 'v1.36.0',
        machineID: '',
        operatingSystem: 'linux',
        osImage: 'none',
        systemUUID: '',
      },
    },
  };
}

function runningStatus(pod: Pod): Pod['status'] {
  const types = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'];
  return {
    ...pod.status,
    phase: 'Running',
    startTime: now(),
    podIP: '10.244.0.9',
    podIPs: [{ ip: '10.244.0.9' }],
    conditions: types.map((type) => ({ type, status: 'True', lastTransitionTime: now() })),
    containerStatuses: (pod.spec?.containers ?? []).map(({ name, image = '' }) => ({
      name,
      image,
      imageID: image,
      containerID: `stand-in://${name}`,
      ready: true,
      started: true,
      restartCount: 0,
      state: { running: { startedAt: now() } },
    })),
  };
}

function completedStatus(pod: Pod): Pod['status'] {
  const terminated = { exitCode: 0, reason: 'Completed', startedAt: now(), finishedAt: now() };
  return {
    ...pod.status,
    phase: 'Succeeded',
    containerStatuses: (pod.status?.containerStatuses ?? []).map((status) => ({
      ...status,
      ready: false,
      state: { terminated },
    })),
  };
}

/** Binding is a subresource: only the HTTP front has it. A Pod that is gone meanwhile is no matter. */
function bind(cluster: DevCluster, pod: Readonly<StoredObject>): Promise<void> {
  const { name, namespace, uid } = pod.metadata;
  const body = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name, uid },
    target: { kind: 'Node', name: nodeName },
  };
  const headers = { authorization: `Bearer ${cluster.token}`, 'content-type': 'application/json' };
  return new Promise((resolve) => {
    const url = `${cluster.url}/api/v1/namespaces/${namespace}/pods/${name}/binding`;
    const call = request(url, { method: 'POST', ca: cluster.caPem, headers }, (response) => {
      response.resume().on('close', resolve);
    });
    call.on('error', () => resolve());
    call.end(JSON.stringify(body));
  });
}

function now(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`;
}
