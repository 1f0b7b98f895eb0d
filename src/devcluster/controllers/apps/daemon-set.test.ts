import { afterEach, expect, it } from 'vitest';
import { type DaemonSet, kinds } from '../core/kinds.ts';
import { podTemplate, TestCluster, type TestClusterOptions } from '../test-cluster.ts';

let cluster: TestCluster;
afterEach(() => cluster.stop());

async function daemonSet(
  podSpec: object = {},
  options: TestClusterOptions = {},
  more: object = {},
): Promise<void> {
  cluster = new TestCluster({ nodes: ['node-a', 'node-b'], ...options });
  await cluster.settle();
  const spec = {
    selector: { matchLabels: { app: 'agent' } },
    template: podTemplate({ app: 'agent' }, podSpec),
    ...more,
  };
  cluster.create(kinds.daemonSets, { metadata: { name: 'agent' }, spec });
  await cluster.settle();
}

function agent(): DaemonSet {
  return cluster.get(kinds.daemonSets, 'agent');
}

function nodes(): (string | undefined)[] {
  return cluster
    .pods()
    .map(({ spec }) => spec.nodeName)
    .sort();
}

it('runs one Pod on every node, also on those that come later', async () => {
  await daemonSet();
  expect(nodes()).toEqual(['node-a', 'node-b']);
  cluster.addNode('node-c');
  await cluster.settle();
  expect(nodes()).toEqual(['node-a', 'node-b', 'node-c']);
  expect(agent().status).toEqual({
    observedGeneration: 1,
    currentNumberScheduled: 3,
    desiredNumberScheduled: 3,
    numberMisscheduled: 0,
    numberReady: 3,
    numberAvailable: 3,
    updatedNumberScheduled: 3,
  });
  const pod = cluster.pods()[0];
  expect(
    pod?.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms,
  ).toEqual([{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [pod?.spec.nodeName] }] }]);
  expect(pod?.spec.tolerations).toContainEqual({
    key: 'node.kubernetes.io/unreachable',
    operator: 'Exists',
    effect: 'NoExecute',
  });
  expect(pod?.metadata.labels?.['controller-revision-hash']).toMatch(/^\w+$/);
});

it('respects nodeSelector, affinity and taints, and leaves a node that does not fit any more', async () => {
  await daemonSet({ nodeSelector: { disk: 'ssd' } }, { nodes: [] });
  cluster.addNode('plain');
  cluster.addNode('fast', { metadata: { name: 'fast', labels: { disk: 'ssd' } } });
  const taints = [{ key: 'virtual-kubelet.io/provider', value: 'x', effect: 'NoSchedule' }];
  cluster.addNode('virtual', { metadata: { name: 'virtual', labels: { disk: 'ssd' } }, spec: { taints } });
  await cluster.settle();
  expect(nodes()).toEqual(['fast']);
  cluster.change(kinds.nodes, 'fast', (node) => ({ ...node, metadata: { ...node.metadata, labels: {} } }));
  await cluster.settle();
  expect(nodes()).toEqual([]);
});

it('replaces a Pod that the node refuses ever more slowly, and says so', async () => {
  await daemonSet({}, { nodes: ['node-a'], behave: () => 'failed' });
  const seen = new Set<string>();
  for (let second = 0; second < 120; second++) {
    for (const { metadata } of cluster.pods()) seen.add(metadata.uid);
    await cluster.seconds(1);
  }
  expect(seen.size).toBeGreaterThan(5);
  expect(seen.size).toBeLessThan(10);
  expect(
    cluster
      .eventsOf('agent')
      .some((text) =>
        /^FailedDaemonPod: Found failed daemon pod default\/agent-\w+ on node node-a, will try to kill it$/.test(
          text,
        ),
      ),
  ).toBe(true);
});

it('rolls to a new template one node at a time', async () => {
  await daemonSet();
  cluster.behave = () => 'running';
  const before = cluster.podNames();
  cluster.change(kinds.daemonSets, 'agent', (set) => ({
    ...set,
    spec: {
      ...set.spec,
      template: podTemplate({ app: 'agent' }, { containers: [{ name: 'main', image: 'image:2' }] }),
    },
  }));
  await cluster.settle();
  expect(cluster.podNames().filter((name) => before.includes(name))).toHaveLength(1);
  expect(agent().status).toMatchObject({
    updatedNumberScheduled: 1,
    numberAvailable: 1,
    numberUnavailable: 1,
  });
  cluster.behave = () => 'ready';
  for (const pod of cluster.pods()) cluster.report(pod, 'ready');
  await cluster.settle();
  expect(cluster.pods().map(({ spec }) => spec.containers[0]?.image)).toEqual(['image:2', 'image:2']);
  expect(agent().status).toMatchObject({
    updatedNumberScheduled: 2,
    numberAvailable: 2,
    observedGeneration: 2,
  });
});
