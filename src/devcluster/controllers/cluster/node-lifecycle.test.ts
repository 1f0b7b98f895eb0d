import { afterEach, beforeEach, expect, it } from 'vitest';
import { kinds, type Node } from '../core/kinds.ts';
import { TestCluster } from '../test-cluster.ts';

let cluster: TestCluster;
beforeEach(async () => {
  cluster = new TestCluster();
  await cluster.settle();
  cluster.create(kinds.pods, {
    metadata: { name: 'lone' },
    spec: { containers: [{ name: 'main', image: 'i' }] },
  });
  await cluster.seconds(1);
});
afterEach(() => cluster.stop());

function node(): Node {
  return cluster.get(kinds.nodes, 'node-a');
}

function ready() {
  return node().status?.conditions?.find(({ type }) => type === 'Ready');
}

function taints(): string[] {
  return (node().spec.taints ?? []).map(({ key, effect }) => `${key}:${effect}`);
}

it('leaves a node alone that renews its lease', async () => {
  await cluster.seconds(600);
  expect(ready()?.status).toBe('True');
  expect(taints()).toEqual([]);
});

it('calls a node that went silent for 50 s Unknown and unreachable, and its Pods not ready', async () => {
  cluster.silent.add('node-a');
  await cluster.seconds(48);
  expect(ready()?.status).toBe('True');
  await cluster.seconds(2);
  expect(ready()).toMatchObject({
    status: 'Unknown',
    reason: 'NodeStatusUnknown',
    message: 'Kubelet stopped posting node status.',
  });
  expect(taints()).toEqual([
    'node.kubernetes.io/unreachable:NoSchedule',
    'node.kubernetes.io/unreachable:NoExecute',
  ]);
  const pod = cluster.get(kinds.pods, 'lone');
  expect(pod.status?.conditions).toMatchObject([{ type: 'Ready', status: 'False' }]);
  expect(cluster.eventsOf('node-a')).toEqual(['NodeNotReady: Node node-a status is now: NodeNotReady']);
});

it('takes the taints away when the node reports again', async () => {
  cluster.silent.add('node-a');
  await cluster.seconds(60);
  cluster.silent.clear();
  const conditions = [{ type: 'Ready', status: 'True', lastHeartbeatTime: '2026-01-01T00:01:01Z' }];
  cluster.store.update(kinds.nodes, { ...node(), status: { ...node().status, conditions } }, 'status');
  await cluster.seconds(600);
  expect(taints()).toEqual([]);
  expect(ready()?.status).toBe('True');
});

it('does not take lease renewals of a node that never reports Ready for health, nor its taints for its own', async () => {
  cluster.change(kinds.nodes, 'node-a', (one) => ({
    ...one,
    spec: { ...one.spec, taints: [{ key: 'mine', effect: 'NoSchedule' }] },
  }));
  const report = (status: string) => {
    const conditions = [{ type: 'Ready', status, lastHeartbeatTime: 'now' }];
    cluster.store.update(kinds.nodes, { ...node(), status: { ...node().status, conditions } }, 'status');
  };
  report('False');
  await cluster.settle();
  expect(taints()).toEqual([
    'mine:NoSchedule',
    'node.kubernetes.io/not-ready:NoSchedule',
    'node.kubernetes.io/not-ready:NoExecute',
  ]);
  report('True');
  await cluster.settle();
  expect(taints()).toEqual(['mine:NoSchedule']);
});

it('taints a cordoned node until it is uncordoned', async () => {
  const cordon = (unschedulable: boolean) =>
    cluster.change(kinds.nodes, 'node-a', (one) => ({ ...one, spec: { ...one.spec, unschedulable } }));
  cordon(true);
  await cluster.settle();
  expect(taints()).toEqual(['node.kubernetes.io/unschedulable:NoSchedule']);
  cordon(false);
  await cluster.settle();
  expect(taints()).toEqual([]);
});
