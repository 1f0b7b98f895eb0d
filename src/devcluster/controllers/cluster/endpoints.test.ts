import { afterEach, beforeEach, expect, it } from 'vitest';
import { type EndpointSlice, kinds } from '../core/kinds.ts';
import { TestCluster, workload } from '../test-cluster.ts';

let cluster: TestCluster;
beforeEach(async () => {
  cluster = new TestCluster({ lingering: true });
  await cluster.settle();
});
afterEach(() => cluster.stop());

const ports = [{ name: 'http', port: 80, targetPort: 'web' }];
const containers = [{ name: 'main', image: 'i', ports: [{ name: 'web', containerPort: 8080 }] }];

function service(spec: object = {}): void {
  cluster.create(kinds.services, {
    metadata: { name: 'web' },
    spec: { selector: { app: 'web' }, ports, ...spec },
  });
}

async function pods(count: number): Promise<void> {
  cluster.create(kinds.replicaSets, {
    metadata: { name: 'web' },
    spec: workload(count, 'web', {}, { containers }),
  });
  await cluster.seconds(1);
}

function slices(): readonly EndpointSlice[] {
  return cluster.store.list(kinds.endpointSlices, 'default');
}

it('lists the Pods of a Service with their ports, in both forms', async () => {
  service();
  await pods(2);
  const [pod] = cluster.pods();
  const targetRef = { kind: 'Pod', namespace: 'default', name: pod?.metadata.name, uid: pod?.metadata.uid };
  expect(slices()).toMatchObject([
    {
      metadata: {
        generateName: 'web-',
        labels: {
          'kubernetes.io/service-name': 'web',
          'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        },
        ownerReferences: [{ kind: 'Service', name: 'web', controller: true }],
      },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      endpoints: [
        {
          addresses: ['127.0.1.1'],
          conditions: { ready: true, serving: true, terminating: false },
          nodeName: 'node-a',
          targetRef,
        },
        {},
      ],
    },
  ]);
  expect(cluster.get(kinds.endpoints, 'web').subsets).toMatchObject([
    {
      addresses: [{ ip: '127.0.1.1', targetRef }, {}],
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    },
  ]);
});

it('follows readiness, deletion and labels', async () => {
  service();
  await pods(3);
  const [sick, leaving, relabelled] = cluster.pods();
  if (sick) cluster.report(sick, 'running');
  if (leaving) cluster.remove(kinds.pods, leaving.metadata.name);
  const name = relabelled?.metadata.name ?? '';
  cluster.change(kinds.pods, name, (pod) => ({ ...pod, metadata: { ...pod.metadata, labels: {} } }));
  await cluster.seconds(1);
  const conditions = new Map(slices()[0]?.endpoints?.map((one) => [one.targetRef?.name, one.conditions]));
  expect(conditions.get(sick?.metadata.name)).toEqual({ ready: false, serving: false, terminating: false });
  expect(conditions.get(leaving?.metadata.name)).toEqual({ ready: false, serving: true, terminating: true });
  expect(conditions.has(name)).toBe(false);
  const [subset] = cluster.get(kinds.endpoints, 'web').subsets ?? [];
  expect(subset?.notReadyAddresses).toMatchObject([{ targetRef: { name: sick?.metadata.name } }]);
  expect(subset?.addresses, 'the replacements of the two others').toHaveLength(2);
});

it('splits a big Service into slices of 100 and takes back the ones it does not need', async () => {
  service();
  await pods(230);
  expect(slices().map(({ endpoints }) => endpoints?.length)).toEqual([100, 100, 30]);
  cluster.change(kinds.replicaSets, 'web', (set) => ({ ...set, spec: { ...set.spec, replicas: 1 } }));
  await cluster.settle();
  for (const pod of cluster.pods()) if (pod.metadata.deletionTimestamp) cluster.finish(pod);
  await cluster.seconds(1);
  expect(slices().map(({ endpoints }) => endpoints?.length)).toEqual([1]);
});

it('leaves Services without a selector to the user, and cleans up after one that is deleted', async () => {
  service({ selector: undefined });
  await pods(1);
  expect(slices()).toEqual([]);
  expect(cluster.store.get(kinds.endpoints, 'default', 'web')).toBeUndefined();
  cluster.change(kinds.services, 'web', (one) => ({
    ...one,
    spec: { ...one.spec, selector: { app: 'web' } },
  }));
  await cluster.seconds(1);
  expect(slices()).toHaveLength(1);
  cluster.remove(kinds.services, 'web');
  await cluster.seconds(1);
  expect([...slices(), ...cluster.store.list(kinds.endpoints, 'default')]).toEqual([]);
});

it('writes a burst of changes once', async () => {
  service();
  await cluster.seconds(1);
  let writes = 0;
  cluster.store.subscribe(kinds.endpointSlices, new AbortController().signal, () => writes++);
  await pods(50);
  expect(slices()[0]?.endpoints).toHaveLength(50);
  expect(writes).toBeLessThan(4);
});
