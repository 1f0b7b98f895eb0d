import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { kinds, type StatefulSet } from '../core/kinds.ts';
import { isDeleting } from '../core/objects.ts';
import { isReady } from '../core/pods.ts';
import { type Behaviour, TestCluster, type TestClusterOptions, workload } from '../test-cluster.ts';

let cluster: TestCluster;
afterEach(() => cluster.stop());

async function statefulSet(
  replicas: number,
  more: object = {},
  options: TestClusterOptions = {},
): Promise<void> {
  cluster = new TestCluster(options);
  await cluster.settle();
  cluster.create(kinds.statefulSets, {
    metadata: { name: 'db' },
    spec: workload(replicas, 'db', { serviceName: 'db', ...more }),
  });
  await cluster.settle();
}

function change(spec: object): void {
  cluster.change(kinds.statefulSets, 'db', (set) => ({ ...set, spec: { ...set.spec, ...spec } }));
}

function setImage(image: string): void {
  change({ template: workload(1, 'db', {}, { containers: [{ name: 'main', image }] }).template });
}

function db(): StatefulSet {
  return cluster.get(kinds.statefulSets, 'db');
}

function images(): Record<string, string | undefined> {
  return Object.fromEntries(
    cluster.pods().map(({ metadata, spec }) => [metadata.name, spec.containers[0]?.image]),
  );
}

it('starts its Pods one after the other, each with a stable identity', async () => {
  await statefulSet(3, {}, { behave: () => 'running' });
  expect(cluster.podNames()).toEqual(['db-0']);
  cluster.report(cluster.get(kinds.pods, 'db-0'), 'ready');
  await cluster.settle();
  expect(cluster.podNames()).toEqual(['db-0', 'db-1']);
  cluster.report(cluster.get(kinds.pods, 'db-1'), 'ready');
  await cluster.settle();
  const revision = db().status?.updateRevision;
  expect(cluster.get(kinds.pods, 'db-2')).toMatchObject({
    metadata: {
      labels: {
        app: 'db',
        'statefulset.kubernetes.io/pod-name': 'db-2',
        'apps.kubernetes.io/pod-index': '2',
        'controller-revision-hash': revision,
      },
    },
    spec: { hostname: 'db-2', subdomain: 'db' },
  });
  cluster.report(cluster.get(kinds.pods, 'db-2'), 'ready');
  await cluster.settle();
  expect(db().status).toEqual({
    observedGeneration: 1,
    replicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
    currentReplicas: 3,
    updatedReplicas: 3,
    currentRevision: revision,
    updateRevision: revision,
  });
  expect(cluster.eventsOf('db')[0]).toBe('SuccessfulCreate: create Pod db-0 in StatefulSet db successful');
});

it('with Parallel starts all at once', async () => {
  await statefulSet(3, { podManagementPolicy: 'Parallel' }, { behave: () => 'pending' });
  expect(cluster.podNames()).toEqual(['db-0', 'db-1', 'db-2']);
});

it('scales down from the highest number, one at a time, and waits for each to be gone', async () => {
  await statefulSet(3, {}, { lingering: true });
  change({ replicas: 1 });
  await cluster.settle();
  expect(cluster.podNames()).toEqual(['db-0', 'db-1']);
  cluster.finish(cluster.get(kinds.pods, 'db-2'));
  await cluster.settle();
  expect(cluster.podNames()).toEqual(['db-0']);
  cluster.finish(cluster.get(kinds.pods, 'db-1'));
  await cluster.settle();
  expect(cluster.pods()).toHaveLength(1);
});

it('neither scales down nor rolls on while a Pod is not ready, unless it is Parallel', async () => {
  for (const podManagementPolicy of ['OrderedReady', 'Parallel']) {
    await statefulSet(3, { podManagementPolicy });
    cluster.report(cluster.get(kinds.pods, 'db-0'), 'running');
    await cluster.settle();
    change({ replicas: 2 });
    setImage('image:2');
    await cluster.settle();
    const isOrdered = podManagementPolicy === 'OrderedReady';
    expect(cluster.podNames()).toEqual(isOrdered ? ['db-0', 'db-1', 'db-2'] : ['db-0', 'db-1']);
    expect(images()['db-1']).toBe(isOrdered ? 'image:1' : 'image:2');
    cluster.report(cluster.get(kinds.pods, 'db-0'), 'ready');
    await cluster.settle();
    expect(images()).toEqual({ 'db-0': 'image:2', 'db-1': 'image:2' });
    cluster.stop();
  }
});

it('makes the same name again only after the old Pod is gone', async () => {
  await statefulSet(1, {}, { lingering: true });
  const old = cluster.get(kinds.pods, 'db-0');
  cluster.remove(kinds.pods, 'db-0');
  await cluster.seconds(60);
  expect(cluster.get(kinds.pods, 'db-0').metadata.uid).toBe(old.metadata.uid);
  cluster.finish(old);
  await cluster.settle();
  expect(cluster.get(kinds.pods, 'db-0').metadata.uid).not.toBe(old.metadata.uid);
});

it('rolls from the highest number down, with a revision for each template', async () => {
  await statefulSet(2);
  const first = db().status?.currentRevision;
  setImage('image:2');
  await cluster.settle();
  expect(images()).toEqual({ 'db-0': 'image:2', 'db-1': 'image:2' });
  const deleted = cluster.eventsOf('db').filter((text) => text.startsWith('SuccessfulDelete'));
  expect(deleted.map((text) => text.match(/db-\d/)?.[0])).toEqual(['db-1', 'db-0']);
  expect(db().status).toMatchObject({ updatedReplicas: 2, currentReplicas: 2 });
  expect(db().status?.currentRevision).toBe(db().status?.updateRevision);
  expect(db().status?.currentRevision).not.toBe(first);
  const revisions = () =>
    cluster.store
      .list(kinds.controllerRevisions, 'default')
      .map(({ revision, data }) => [revision, data.spec.template.spec?.containers[0]?.image]);
  expect(revisions()).toEqual([
    [1, 'image:1'],
    [2, 'image:2'],
  ]);
  setImage('image:1');
  await cluster.settle();
  expect(revisions()).toEqual([
    [3, 'image:1'],
    [2, 'image:2'],
  ]);
  expect(db().status?.currentRevision).toBe(first);
});

it('updates only from the partition up, and brings the others back as they were', async () => {
  await statefulSet(3, { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } });
  setImage('image:2');
  await cluster.settle();
  expect(images()).toEqual({ 'db-0': 'image:1', 'db-1': 'image:1', 'db-2': 'image:2' });
  expect(db().status).toMatchObject({ currentReplicas: 2, updatedReplicas: 1 });
  cluster.remove(kinds.pods, 'db-0');
  await cluster.settle();
  expect(images()).toEqual({ 'db-0': 'image:1', 'db-1': 'image:1', 'db-2': 'image:2' });
  change({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } } });
  await cluster.settle();
  expect(images()).toEqual({ 'db-0': 'image:2', 'db-1': 'image:2', 'db-2': 'image:2' });
});

it('with OnDelete leaves it to the user when Pods change', async () => {
  await statefulSet(2, { updateStrategy: { type: 'OnDelete' } });
  setImage('image:2');
  await cluster.settle();
  expect(images()).toEqual({ 'db-0': 'image:1', 'db-1': 'image:1' });
  cluster.remove(kinds.pods, 'db-0');
  await cluster.settle();
  expect(images()).toEqual({ 'db-0': 'image:2', 'db-1': 'image:1' });
});

it('recreates finished Pods, ever more slowly when they keep failing', async () => {
  await statefulSet(1, {}, { behave: () => 'failed' });
  const seen = new Set<string>();
  for (let second = 0; second < 100; second++) {
    for (const { metadata } of cluster.pods()) seen.add(metadata.uid);
    await cluster.seconds(1);
  }
  expect(seen.size).toBeGreaterThan(4);
  expect(seen.size).toBeLessThan(10);
  expect(cluster.eventsOf('db')).toContain(
    'RecreatingFailedPod: StatefulSet default/db is recreating failed Pod db-0',
  );
  cluster.behave = () => 'ready';
  await cluster.seconds(200);
  expect(db().status).toMatchObject({ readyReplicas: 1 });
});

it('makes a claim for each Pod and volume template, once', async () => {
  const volumeClaimTemplates = [
    {
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    },
  ];
  await statefulSet(2, { volumeClaimTemplates });
  cluster.remove(kinds.pods, 'db-1');
  await cluster.settle();
  const claims = cluster.store.list(kinds.persistentVolumeClaims, 'default');
  expect(claims.map(({ metadata }) => metadata.name)).toEqual(['data-db-0', 'data-db-1']);
  expect(cluster.get(kinds.pods, 'db-1').spec.volumes).toContainEqual({
    name: 'data',
    persistentVolumeClaim: { claimName: 'data-db-1' },
  });
});

it('never has two Pods of one number, never skips an unready one, and ends complete, whatever happens', async () => {
  const step = fc.oneof(
    fc.record({ op: fc.constant('scale' as const), replicas: fc.nat(4) }),
    fc.record({ op: fc.constant('image' as const), image: fc.constantFrom('a', 'b') }),
    fc.record({
      op: fc.constant('report' as const),
      at: fc.nat(4),
      behaviour: fc.constantFrom<Behaviour>('ready', 'running', 'failed', 'succeeded'),
    }),
    fc.record({ op: fc.constant('delete' as const), at: fc.nat(4) }),
    fc.record({ op: fc.constant('finish' as const), at: fc.nat(4) }),
    fc.record({ op: fc.constant('time' as const), seconds: fc.nat(20) }),
  );
  const policy = fc.constantFrom('OrderedReady', 'Parallel');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), policy, async (steps, podManagementPolicy) => {
      await statefulSet(2, { podManagementPolicy }, { behave: () => 'pending', lingering: true });
      const early: string[] = [];
      const ordinal = (name: string): number => Number(name.slice('db-'.length));
      cluster.store.subscribe(kinds.pods, new AbortController().signal, ({ type, object: { metadata } }) => {
        if (type !== 'ADDED' || podManagementPolicy === 'Parallel') return;
        const before = cluster.pods().filter((pod) => ordinal(pod.metadata.name) < ordinal(metadata.name));
        if (before.length < ordinal(metadata.name) || !before.every(isReady)) early.push(metadata.name);
      });
      for (const one of steps) {
        const pod = 'at' in one ? cluster.pods()[one.at] : undefined;
        const isLive =
          pod && pod.status?.phase !== 'Failed' && pod.status?.phase !== 'Succeeded' && pod.spec.nodeName;
        if (one.op === 'scale') change({ replicas: one.replicas });
        if (one.op === 'image') setImage(one.image);
        if (one.op === 'report' && pod && isLive) cluster.report(pod, one.behaviour);
        if (one.op === 'delete' && pod) cluster.remove(kinds.pods, pod.metadata.name);
        if (one.op === 'finish' && pod && isDeleting(pod)) cluster.finish(pod);
        await cluster.seconds(one.op === 'time' ? one.seconds : 0);
      }
      cluster.behave = () => 'ready';
      for (let round = 0; round < 40; round++) {
        for (const pod of cluster.pods()) {
          if (isDeleting(pod)) cluster.finish(pod);
          else if (pod.spec.nodeName && pod.status?.phase !== 'Failed' && pod.status?.phase !== 'Succeeded')
            cluster.report(pod, 'ready');
        }
        await cluster.seconds(20);
      }
      expect(early).toEqual([]);
      const { replicas } = db().spec;
      expect(cluster.podNames()).toEqual(
        Array.from({ length: replicas ?? 0 }, (_, ordinal) => `db-${ordinal}`),
      );
      expect(db().status?.updatedReplicas ?? 0).toBe(replicas);
      cluster.stop();
    }),
    { numRuns: 30 },
  );
});
