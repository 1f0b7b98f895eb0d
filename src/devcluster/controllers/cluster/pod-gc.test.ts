import { afterEach, beforeEach, expect, it } from 'vitest';
import { kinds } from '../core/kinds.ts';
import { jobSpec, TestCluster } from '../test-cluster.ts';

let cluster: TestCluster;
beforeEach(async () => {
  cluster = new TestCluster({ lingering: true });
  await cluster.settle();
  cluster.create(kinds.pods, {
    metadata: { name: 'lone' },
    spec: { containers: [{ name: 'main', image: 'i' }] },
  });
  await cluster.settle();
});
afterEach(() => cluster.stop());

it('ends the Pods of a node that stays away for 40 s', async () => {
  cluster.create(kinds.jobs, {
    metadata: { name: 'sum' },
    spec: jobSpec({ podReplacementPolicy: 'Failed' }),
  });
  await cluster.settle();
  const tracked = cluster.pods().find(({ metadata }) => metadata.name.startsWith('sum-'));
  const phases: (string | undefined)[] = [];
  cluster.store.subscribe(kinds.pods, new AbortController().signal, ({ object }) => {
    if (object.metadata.uid === tracked?.metadata.uid) phases.push(object.status?.phase);
  });
  cluster.remove(kinds.nodes, 'node-a');
  await cluster.seconds(39);
  expect(cluster.podNames()).toHaveLength(2);
  await cluster.seconds(1);
  expect(cluster.store.get(kinds.pods, 'default', 'lone')).toBeUndefined();
  expect(phases).toContain('Failed');
  expect(cluster.get(kinds.jobs, 'sum').status?.failed).toBe(1);
});

it('leaves them when the node comes back in time, and counts anew when it goes again', async () => {
  cluster.remove(kinds.nodes, 'node-a');
  await cluster.seconds(30);
  cluster.addNode('node-a');
  await cluster.seconds(5);
  cluster.remove(kinds.nodes, 'node-a');
  await cluster.seconds(39);
  expect(cluster.podNames()).toEqual(['lone']);
  await cluster.seconds(1);
  expect(cluster.podNames()).toEqual([]);
});
