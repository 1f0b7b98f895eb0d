import { afterEach, expect, it } from 'vitest';
import { kinds } from '../core/kinds.ts';
import { isActive } from '../core/pods.ts';
import { TestCluster, type TestClusterOptions, workload } from '../test-cluster.ts';

let cluster: TestCluster;
afterEach(() => cluster.stop());

async function replicaSet(
  replicas: number,
  options: TestClusterOptions = {},
  more: object = {},
): Promise<void> {
  cluster = new TestCluster(options);
  await cluster.settle();
  cluster.create(kinds.replicaSets, { metadata: { name: 'web' }, spec: workload(replicas, 'web', more) });
  await cluster.settle();
}

function scale(replicas: number): void {
  cluster.change(kinds.replicaSets, 'web', (set) => ({ ...set, spec: { ...set.spec, replicas } }));
}

it('makes its Pods and tells their numbers', async () => {
  await replicaSet(3);
  expect(cluster.podNames()).toHaveLength(3);
  expect(cluster.pods()[0]?.metadata).toMatchObject({
    generateName: 'web-',
    labels: { app: 'web' },
    ownerReferences: [{ kind: 'ReplicaSet', name: 'web', controller: true, blockOwnerDeletion: true }],
  });
  expect(cluster.get(kinds.replicaSets, 'web').status).toEqual({
    replicas: 3,
    fullyLabeledReplicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
    observedGeneration: 1,
  });
  expect(
    cluster.eventsOf('web').filter((text) => text.startsWith('SuccessfulCreate: Created pod: web-')),
  ).toHaveLength(3);
});

it('deletes the Pods that do least first when scaled down', async () => {
  let count = 0;
  await replicaSet(3, { behave: () => (count++ === 1 ? 'running' : 'ready') });
  const lame = cluster
    .pods()
    .find(({ status }) =>
      status?.conditions?.some(({ type, status: on }) => type === 'Ready' && on === 'False'),
    );
  scale(2);
  await cluster.settle();
  expect(cluster.podNames()).toHaveLength(2);
  expect(cluster.podNames()).not.toContain(lame?.metadata.name);
});

it('replaces a Pod that is deleted, and one that fails late at once', async () => {
  await replicaSet(2);
  await cluster.seconds(400);
  const [first, second] = cluster.pods();
  if (first) cluster.remove(kinds.pods, first.metadata.name);
  if (second) cluster.report(second, 'failed');
  await cluster.settle();
  const names = cluster
    .pods()
    .filter(isActive)
    .map(({ metadata }) => metadata.name);
  expect(names).toHaveLength(2);
  expect(names).not.toContain(first?.metadata.name);
  expect(names).not.toContain(second?.metadata.name);
  expect(cluster.podNames(), 'the Failed one stays to be looked at').toContain(second?.metadata.name);
});

it('does not loop over Pods that are refused every time', async () => {
  await replicaSet(1, { behave: () => 'failed' });
  await cluster.seconds(60);
  expect(cluster.pods().length).toBeGreaterThan(3);
  expect(cluster.pods().length).toBeLessThan(9);
  cluster.behave = () => 'ready';
  await cluster.seconds(120);
  expect(cluster.get(kinds.replicaSets, 'web').status?.readyReplicas).toBe(1);
});

it('adopts matching orphans and lets go of Pods that stop matching', async () => {
  cluster = new TestCluster();
  await cluster.settle();
  const spec = { containers: [{ name: 'main', image: 'image:1' }] };
  cluster.create(kinds.pods, { metadata: { name: 'stray', labels: { app: 'web' } }, spec });
  cluster.create(kinds.replicaSets, { metadata: { name: 'web' }, spec: workload(2) });
  await cluster.settle();
  expect(cluster.podNames()).toHaveLength(2);
  expect(cluster.get(kinds.pods, 'stray').metadata.ownerReferences).toMatchObject([
    { name: 'web', controller: true },
  ]);
  cluster.change(kinds.pods, 'stray', (pod) => ({
    ...pod,
    metadata: { ...pod.metadata, labels: { app: 'debug' } },
  }));
  await cluster.settle();
  expect(cluster.get(kinds.pods, 'stray').metadata.ownerReferences ?? []).toEqual([]);
  expect(cluster.podNames()).toHaveLength(3);
});

it('counts as available only after minReadySeconds', async () => {
  await replicaSet(1, {}, { minReadySeconds: 10 });
  expect(cluster.get(kinds.replicaSets, 'web').status?.availableReplicas).toBeUndefined();
  await cluster.seconds(10);
  expect(cluster.get(kinds.replicaSets, 'web').status?.availableReplicas).toBe(1);
});

it('says in its status when Pods cannot be created, and goes on when they can', async () => {
  cluster = new TestCluster();
  await cluster.settle();
  cluster.create(kinds.replicaSets, {
    metadata: { name: 'web' },
    spec: workload(1, 'web', {}, { serviceAccountName: 'robot' }),
  });
  await cluster.settle();
  expect(cluster.get(kinds.replicaSets, 'web').status?.conditions).toMatchObject([
    { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate' },
  ]);
  expect(cluster.eventsOf('web')[0]).toMatch(/^FailedCreate: Error creating: .*robot/);
  cluster.create(kinds.serviceAccounts, { metadata: { name: 'robot' } });
  await cluster.seconds(30);
  expect(cluster.get(kinds.replicaSets, 'web').status).toMatchObject({ readyReplicas: 1 });
  expect(cluster.get(kinds.replicaSets, 'web').status?.conditions).toBeUndefined();
});
