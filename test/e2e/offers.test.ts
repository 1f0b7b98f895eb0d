import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { jobs } from '../../src/cli/demo/kinds.ts';
import { namespaces, pods } from '../../src/kube/resources.ts';
import { eventually } from '../support/eventually.ts';
import { applyRbac } from './support/account.ts';
import type { Daemon } from './support/daemon.ts';
import { podOf, templateOf } from './support/pods.ts';
import { openWorld, type World } from './support/world.ts';

/**
 * A cloud that sells, and a real control plane. The daemon is `system:node:NAME`, which may change the status of its
 * Pods and nothing else of them: what it notes of a purchase goes that way.
 */
let world: World;
let daemon: Daemon;
let namespace: string;

const gib = 1024 ** 3;
const rates = { currency: 'USD', perCpuSecond: 0.00001, perGibSecond: 0.000001, minimumSeconds: 60 };
const offers = [
  {
    ...{ id: 'a/spot', market: 'spot', rates },
    sizes: [{ name: '1-2', cpuMillis: 1000, memoryBytes: 2 * gib }],
    // All of it is taken back, until there is none.
    reclaims: { chance: 1, afterMs: 2_500, noticeMs: 1_500 },
    stock: [{ atMs: 15_000, state: 'late' }],
  },
  {
    ...{ id: 'a/on-demand', market: 'on-demand', rates },
    sizes: [{ name: '2-4', cpuMillis: 2000, memoryBytes: 4 * gib }],
  },
];

beforeAll(async () => {
  world = await openWorld();
  await applyRbac(world.client, 'docs/examples/node-identity.yaml');
  namespace = await world.namespace('offers');
  daemon = await world.node({
    ...{ node: 'burst-0', provider: 'mock', options: { offers }, scheduler: false },
    kubeconfig: inject('controlPlane').nodeKubeconfig,
  });
});
afterAll(async () => {
  await world.client.delete(namespaces, { name: namespace });
  await world.close();
});

it('a Job that does not count disruptions is done in the end, though spot instances are taken from it', async () => {
  const script = { containers: { main: { exits: [{ code: 0, afterMs: 3_500 }], onTerm: { code: 1 } } } };
  await world.client.create(jobs, {
    metadata: { namespace, name: 'spot' },
    spec: {
      backoffLimit: 0,
      podFailurePolicy: {
        rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
      },
      template: { ...templateOf(script), spec: { ...templateOf().spec, restartPolicy: 'Never' } },
    },
  });
  await eventually(async () => {
    const { status } = await world.client.get(jobs, { namespace, name: 'spot' });
    return status?.succeeded === 1;
  }, 100);
  const { items } = await world.client.list(pods, { namespace, labelSelector: 'job-name=spot' });
  const ended = items.filter(({ status }) => status?.phase === 'Failed');
  expect(ended.length).toBeGreaterThan(0);
  for (const { status, metadata } of ended) {
    expect(status?.reason).toBe('SpotReclaimed');
    expect(status?.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(1);
    expect(status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet' }),
    );
    expect(metadata?.annotations).toMatchObject({ 'burstlet.dev/offer': 'a/spot' });
    expect(await world.eventsOf(namespace, metadata?.name ?? '')).toContainEqual(
      expect.stringMatching(/^Interrupted: The provider takes the instance back at /),
    );
  }
  const [done] = items.filter(({ status }) => status?.phase === 'Succeeded');
  expect(done?.metadata?.annotations).toMatchObject({
    'burstlet.dev/offer': 'a/on-demand',
    'burstlet.dev/instance-size': '2-4',
    'burstlet.dev/attempt': '1',
    'burstlet.dev/passed-over': 'a/spot (no stock of 1-2)',
    // 60 seconds at least.
    'burstlet.dev/cost': '0.00144 USD',
  });
});

it('what its instances cost is counted by namespace', async () => {
  await world.client.create(pods, podOf(namespace, 'lasting'));
  const pod = await world.reaches(namespace, 'lasting', 'Running');
  expect(pod.metadata?.annotations).toMatchObject({ 'burstlet.dev/price-per-second': '0.000024 USD' });
  const labels = new RegExp(`namespace="${namespace}".*market="on-demand"`);
  expect(await daemon.metric('burstlet_cost_per_second', labels)).toBeCloseTo(0.000024, 9);
  expect(await daemon.metric('burstlet_cost_total', labels)).toBeGreaterThan(0.00143);
  await world.client.delete(pods, { namespace, name: 'lasting' });
  await eventually(async () => (await world.find(pods, namespace, 'lasting')) === undefined, 30);
});
