import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { type Deployment, kinds, type Pod, type ReplicaSet } from '../core/kinds.ts';
import { isDeleting } from '../core/objects.ts';
import { isReady } from '../core/pods.ts';
import { type Behaviour, TestCluster, type TestClusterOptions, workload } from '../test-cluster.ts';

let cluster: TestCluster;
afterEach(() => cluster.stop());

async function deployment(
  replicas: number,
  more: object = {},
  options: TestClusterOptions = {},
): Promise<void> {
  cluster = new TestCluster(options);
  await cluster.settle();
  cluster.create(kinds.deployments, { metadata: { name: 'web' }, spec: workload(replicas, 'web', more) });
  await cluster.settle();
}

function change(spec: object): void {
  cluster.change(kinds.deployments, 'web', (web) => ({ ...web, spec: { ...web.spec, ...spec } }));
}

function setImage(image: string): void {
  change({ template: workload(1, 'web', {}, { containers: [{ name: 'main', image }] }).template });
}

function web(): Deployment {
  return cluster.get(kinds.deployments, 'web');
}

function replicaSets(): readonly ReplicaSet[] {
  return cluster.store.list(kinds.replicaSets, 'default');
}

function condition(type: string) {
  return web().status?.conditions?.find((one) => one.type === type);
}

function images(): string[] {
  return cluster
    .pods()
    .filter((pod) => !isDeleting(pod))
    .map(({ spec }) => spec.containers[0]?.image ?? '');
}

/** What `kubectl rollout status` waits for (polymorphichelpers/rollout_status.go). */
function isRolledOut(): boolean {
  const { spec, status = {}, metadata } = web();
  return (
    (status.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
    (status.updatedReplicas ?? 0) >= (spec.replicas ?? 1) &&
    (status.replicas ?? 0) <= (status.updatedReplicas ?? 0) &&
    (status.availableReplicas ?? 0) >= (status.updatedReplicas ?? 0)
  );
}

it('makes one ReplicaSet named after the template, and reports when it is complete', async () => {
  await deployment(3);
  const [only, ...others] = replicaSets();
  expect(others).toEqual([]);
  const hash = only?.metadata.labels?.['pod-template-hash'];
  expect(hash).toMatch(/^[bcdf-hj-np-tv-xz2456789]+$/);
  expect(only?.metadata).toMatchObject({
    name: `web-${hash}`,
    annotations: {
      'deployment.kubernetes.io/revision': '1',
      'deployment.kubernetes.io/desired-replicas': '3',
      'deployment.kubernetes.io/max-replicas': '4',
    },
  });
  expect(only?.spec.selector.matchLabels).toEqual({ app: 'web', 'pod-template-hash': hash });
  expect(cluster.podNames()).toHaveLength(3);
  expect(web().metadata.annotations).toEqual({ 'deployment.kubernetes.io/revision': '1' });
  expect(web().status).toMatchObject({
    observedGeneration: 1,
    replicas: 3,
    updatedReplicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
  });
  expect(condition('Available')).toMatchObject({ status: 'True', reason: 'MinimumReplicasAvailable' });
  expect(condition('Progressing')).toMatchObject({
    status: 'True',
    reason: 'NewReplicaSetAvailable',
    message: `ReplicaSet "web-${hash}" has successfully progressed.`,
  });
  expect(cluster.eventsOf('web')).toEqual([
    `ScalingReplicaSet: Scaled up replica set web-${hash} from 0 to 3`,
  ]);
  expect(isRolledOut()).toBe(true);
});

it('rolls to a new image, keeps the history and goes back with the template of an old one', async () => {
  await deployment(3);
  const first = replicaSets()[0];
  setImage('image:2');
  await cluster.settle();
  expect(images()).toEqual(['image:2', 'image:2', 'image:2']);
  expect(isRolledOut()).toBe(true);
  expect(web().metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('2');
  expect(replicaSets()).toHaveLength(2);
  // What `kubectl rollout undo` sends: the old template without the hash label, with a null that Go writes.
  const { template } = workload(1);
  change({ template: { ...template, metadata: { ...template.metadata, creationTimestamp: null } } });
  await cluster.settle();
  expect(replicaSets()).toHaveLength(2);
  const again = cluster.get(kinds.replicaSets, first?.metadata.name ?? '');
  expect(again.spec.replicas).toBe(3);
  expect(again.metadata.annotations).toMatchObject({
    'deployment.kubernetes.io/revision': '3',
    'deployment.kubernetes.io/revision-history': '1',
  });
  expect(isRolledOut()).toBe(true);
});

it('keeps a rollout of Pods that never get ready from taking the service down, and names the deadline', async () => {
  await deployment(4, { progressDeadlineSeconds: 60 });
  cluster.behave = () => 'running';
  setImage('broken:1');
  await cluster.seconds(1);
  expect(images().filter((image) => image === 'image:1')).toHaveLength(3);
  expect(images().filter((image) => image === 'broken:1')).toHaveLength(2);
  expect(condition('Progressing')).toMatchObject({ status: 'True' });
  await cluster.seconds(61);
  expect(condition('Progressing')).toMatchObject({ status: 'False', reason: 'ProgressDeadlineExceeded' });
  expect(condition('Available')).toMatchObject({ status: 'True' });
  cluster.behave = () => 'ready';
  setImage('image:1');
  await cluster.settle();
  expect(images()).toEqual(['image:1', 'image:1', 'image:1', 'image:1']);
  expect(condition('Progressing')).toMatchObject({ status: 'True', reason: 'NewReplicaSetAvailable' });
});

it('with Recreate starts nothing new before the last old Pod is gone', async () => {
  await deployment(2, { strategy: { type: 'Recreate' } }, { lingering: true });
  const old = cluster.pods();
  setImage('image:2');
  await cluster.settle();
  expect(images()).toEqual([]);
  if (old[0]) cluster.finish(old[0]);
  await cluster.settle();
  expect(cluster.pods()).toHaveLength(1);
  if (old[1]) cluster.finish(old[1]);
  await cluster.settle();
  expect(images()).toEqual(['image:2', 'image:2']);
});

it('only scales while paused, and rolls when resumed', async () => {
  await deployment(2);
  change({ paused: true });
  setImage('image:2');
  change({ replicas: 3 });
  await cluster.settle();
  expect(images()).toEqual(['image:1', 'image:1', 'image:1']);
  expect(condition('Progressing')).toMatchObject({ status: 'Unknown', reason: 'DeploymentPaused' });
  change({ paused: false });
  await cluster.settle();
  expect(images()).toEqual(['image:2', 'image:2', 'image:2']);
  expect(condition('Progressing')).toMatchObject({ reason: 'NewReplicaSetAvailable' });
});

it('keeps no more old ReplicaSets than revisionHistoryLimit', async () => {
  await deployment(1, { revisionHistoryLimit: 2 });
  for (const image of ['a', 'b', 'c', 'd', 'e']) {
    setImage(image);
    await cluster.settle();
  }
  const revisions = replicaSets().map(
    ({ metadata }) => metadata.annotations?.['deployment.kubernetes.io/revision'],
  );
  expect(revisions.sort()).toEqual(['4', '5', '6']);
});

it('scales down to nothing and up again', async () => {
  await deployment(3);
  change({ replicas: 0 });
  await cluster.settle();
  expect(cluster.podNames()).toEqual([]);
  expect(isRolledOut()).toBe(true);
  change({ replicas: 2 });
  await cluster.settle();
  expect(cluster.podNames()).toHaveLength(2);
  expect(condition('Progressing')).toMatchObject({ reason: 'NewReplicaSetAvailable' });
});

it('settles: without a change nothing is written', async () => {
  await deployment(2);
  const versions = () =>
    [web(), ...replicaSets(), ...cluster.pods()].map(({ metadata }) => metadata.resourceVersion);
  const before = versions();
  await cluster.seconds(1000);
  expect(versions()).toEqual(before);
});

describe('for any course of changes', () => {
  const step = fc.oneof(
    fc.record({ op: fc.constant('scale' as const), replicas: fc.nat(6) }),
    fc.record({ op: fc.constant('image' as const), image: fc.constantFrom('a', 'b', 'c') }),
    fc.record({
      op: fc.constant('report' as const),
      at: fc.nat(20),
      behaviour: fc.constantFrom<Behaviour>('ready', 'running', 'failed'),
    }),
    fc.record({ op: fc.constant('delete' as const), at: fc.nat(20) }),
    fc.record({ op: fc.constant('time' as const), seconds: fc.nat(20) }),
  );
  const surge = fc.constantFrom<number | string>(0, 1, 2, '25%', '50%');

  it('never has more Pods than replicas + surge, and ends rolled out', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 25 }),
        surge,
        surge,
        async (steps, maxSurge, maxUnavailable) => {
          const zero = maxSurge === 0 && maxUnavailable === 0;
          const strategy = {
            type: 'RollingUpdate',
            rollingUpdate: { maxSurge: zero ? 1 : maxSurge, maxUnavailable },
          };
          await deployment(3, { strategy }, { behave: () => 'pending' });
          let most = 3;
          const percent = (value: number | string, total: number): number =>
            typeof value === 'number' ? value : Math.ceil((Number.parseInt(value, 10) * total) / 100);
          const check = (): void => {
            const { replicas = 0 } = web().spec;
            const promised = replicaSets().reduce((total, { spec }) => total + (spec.replicas ?? 0), 0);
            expect(promised).toBeLessThanOrEqual(most + percent(zero ? 1 : maxSurge, most));
            for (const set of replicaSets())
              expect(
                ownPods(set).filter((pod) => !isDeleting(pod) && pod.status?.phase !== 'Failed').length,
              ).toBeLessThanOrEqual(Math.max(set.spec.replicas ?? 0, 0));
            most = Math.max(replicas, 0);
          };
          for (const one of steps) {
            const pod = 'at' in one ? cluster.pods()[one.at] : undefined;
            if (one.op === 'scale') change({ replicas: one.replicas });
            if (one.op === 'image') setImage(one.image);
            if (one.op === 'report' && pod && pod.status?.phase !== 'Failed' && pod.spec.nodeName)
              cluster.report(pod, one.behaviour);
            if (one.op === 'delete' && pod) cluster.remove(kinds.pods, pod.metadata.name);
            most = Math.max(most, web().spec.replicas ?? 0);
            await cluster.seconds(one.op === 'time' ? one.seconds : 0);
            check();
          }
          cluster.behave = () => 'ready';
          for (const pod of cluster.pods())
            if (pod.status?.phase !== 'Failed' && pod.spec.nodeName) cluster.report(pod, 'ready');
          await cluster.seconds(700);
          expect(isRolledOut()).toBe(true);
          expect(cluster.pods().filter(isReady)).toHaveLength(web().spec.replicas ?? 0);
          cluster.stop();
        },
      ),
      { numRuns: 40 },
    );
  });

  function ownPods(set: ReplicaSet): readonly Pod[] {
    return cluster
      .pods()
      .filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === set.metadata.uid));
  }
});
