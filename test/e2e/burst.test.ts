import type * as k8s from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namespaces, pods } from '../../src/kube/resources.ts';
import type { Pod, Wire } from '../../src/kube/types.ts';
import { type FakeEci, startFakeEci } from '../fakes/eci/index.ts';
import { eciOptions } from '../fakes/eci/provider-options.ts';
import { eventually } from '../support/eventually.ts';
import { accountKubeconfig, applyRbac } from './support/account.ts';
import { podOf, templateOf } from './support/pods.ts';
import { resourceOf } from './support/resources.ts';
import { openWorld, type World } from './support/world.ts';

type Job = Wire<k8s.V1Job>;
const jobs = resourceOf<Job>('batch/v1', 'Job', 'jobs');

/** Spot instances of Alibaba Cloud ECI, through the vendor's own SDK, on a fake cloud that takes them back. */
describe('spot instances that are taken back', () => {
  let world: World;
  let fake: FakeEci;
  let namespace: string;

  beforeAll(async () => {
    fake = await startFakeEci({
      limits: 'none',
      stages: { schedulingMs: 100, pendingMs: 400, releasingMs: 100 },
    });
    world = await openWorld();
    await applyRbac(world.client);
    const kubeconfig = await accountKubeconfig(world.client, world.cluster);
    await world.node({
      ...{ node: 'spot', provider: 'eci', kubeconfig },
      options: { ...eciOptions(fake), spot: { strategy: 'SpotAsPriceGo', fallBack: false } },
    });
    namespace = await world.namespace('spot');
  });
  afterAll(async () => {
    try {
      await world?.client.delete(namespaces, { name: namespace });
      await eventually(() => fake.cloud.instances().every(({ live }) => !live), 60);
      await world?.close();
    } finally {
      await fake?.close();
    }
  });

  const podsNow = async (selector: string): Promise<Pod[]> =>
    (await world.client.list(pods, { namespace, labelSelector: selector })).items;
  const groupOf = (pod: Pod) =>
    fake.cloud.instances().find(({ spec }) => spec.tags.get('burstlet.dev/uid') === pod.metadata?.uid)?.id ??
    '';
  const disrupted = ({ status }: Pod) =>
    status?.conditions?.find(({ type, status: value }) => type === 'DisruptionTarget' && value === 'True');
  const running = (list: readonly Pod[]) => list.filter(({ status }) => status?.phase === 'Running');

  it('say so in the final state of each of their Pods: 60 of 200', async () => {
    const names = Array.from({ length: 200 }, (_, index) => `burst-${index}`);
    for (const name of names)
      await world.client.create(
        pods,
        podOf(namespace, name, {
          metadata: { name, namespace, labels: { app: 'burst' } },
          spec: { restartPolicy: 'Never' },
        }),
      );
    const all = await eventually(async () => {
      const now = await podsNow('app=burst');
      return running(now).length === names.length ? now : undefined;
    }, 60);
    const taken = all.slice(0, 60);
    for (const pod of taken) fake.cloud.interrupt(groupOf(pod), 1_000);
    const ended = await eventually(async () => {
      const now = (await podsNow('app=burst')).filter(({ status }) => status?.phase === 'Failed');
      return now.length === taken.length ? now : undefined;
    }, 60);
    expect(new Set(ended.map(({ metadata }) => metadata?.name))).toEqual(
      new Set(taken.map(({ metadata }) => metadata?.name)),
    );
    for (const pod of ended) expect(disrupted(pod)).toMatchObject({ reason: 'TerminationByKubelet' });
    expect(running(await podsNow('app=burst'))).toHaveLength(names.length - taken.length);
  });

  it('cost a Job no retry when its policy ignores disruptions', async () => {
    const parallelism = 6;
    await world.client.create(jobs, {
      metadata: { name: 'sums', namespace },
      spec: {
        ...{ parallelism, completions: parallelism, backoffLimit: 0 },
        podFailurePolicy: {
          rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
        },
        template: jobTemplate(),
      },
    });
    const first = await eventually(async () => {
      const now = running(await podsNow('app=sums'));
      return now.length === parallelism ? now : undefined;
    }, 60);
    for (const pod of first.slice(0, 2)) fake.cloud.interrupt(groupOf(pod), 500);
    const second = await eventually(async () => {
      const now = running(await podsNow('app=sums')).filter(
        ({ metadata }) => !first.slice(0, 2).some((pod) => pod.metadata?.uid === metadata?.uid),
      );
      return now.length === parallelism ? now : undefined;
    }, 60);
    for (const pod of second) fake.cloud.exit(groupOf(pod), 'main', 0);
    const job = await eventually(async () => {
      const now = await world.client.get(jobs, { namespace, name: 'sums' });
      return now.status?.completionTime === undefined ? undefined : now;
    }, 60);
    expect(job.status).toMatchObject({ succeeded: parallelism });
    expect(job.status?.conditions?.filter(({ type }) => type === 'Failed')).toEqual([]);
  });
});

function jobTemplate() {
  const template = templateOf(undefined, { app: 'sums' });
  return { ...template, spec: { ...template.spec, restartPolicy: 'Never' } };
}
