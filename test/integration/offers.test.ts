import { afterEach, describe, expect, test } from 'vitest';
import {
  MockCloud,
  type MockOffer,
  MockProvider,
  type MockScript,
  seededRandom,
} from '../../providers/mock/index.ts';
import { costOf, readMoney } from '../../src/capacity/cost.ts';
import { tariffIn } from '../../src/capacity/purchase-notes.ts';
import type { Pod } from '../../src/kube/types.ts';
import type { PodControllerDeps } from '../../src/pods/pod-controller.ts';
import { FakeClock, settle } from '../../src/telemetry/fake-clock.ts';
import { emptyCluster, plainController } from '../crash/plain-node.ts';
import { StoreClient } from '../crash/store-client.ts';

const gib = 1024 ** 3;
const rates = {
  ...{ currency: 'USD', perCpuSecond: 0.00001, perGibSecond: 0.000001, minimumSeconds: 60 },
  ...{ asOf: '2026-01-01', source: 'test' },
};
const small = { name: '1-2', cpuMillis: 1000, memoryBytes: 2 * gib };
const large = { name: '2-4', cpuMillis: 2000, memoryBytes: 4 * gib };
const spot = (id: string, rest: Partial<MockOffer> = {}): MockOffer => ({
  offer: { id, market: 'spot', sizes: [small], rates },
  stock: [],
  ...rest,
});
const onDemand: MockOffer = {
  offer: { id: 'a/on-demand', market: 'on-demand', sizes: [large], rates },
  stock: [],
};

const ends: AbortController[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end.abort();
});

/** A node on a cloud that sells instances, in time that the test drives. */
function setUp(
  offers: readonly MockOffer[],
  options: { readonly script?: MockScript; readonly capacity?: number } & Pick<
    PodControllerDeps,
    'stockPolicy'
  > = {},
) {
  const clock = new FakeClock();
  const random = seededRandom(11);
  const server = emptyCluster(clock, random);
  const { store } = server;
  const { script, capacity, stockPolicy } = options;
  const cloud = new MockCloud({
    ...{ clock, random, offers },
    ...(script && { script }),
    ...(capacity !== undefined && { capacity: { resources: {}, instances: capacity } }),
  });
  const writes = new Map<string, number>();
  const client = new StoreClient(server, (write, point) => {
    if (point === 'after') writes.set(write.name, (writes.get(write.name) ?? 0) + 1);
  });
  const events: { readonly pod: string; readonly reason: string; readonly message: string }[] = [];
  const scope = { clusterUid: 'c', node: 'burst-0' };
  const controller = plainController({
    ...{ clock, random, client, scope },
    provider: new MockProvider({ cloud }),
    events: ({ metadata }, _type, reason, message) =>
      events.push({ pod: metadata?.name ?? '', reason, message }),
    ...(stockPolicy && { stockPolicy }),
  });
  const ending = new AbortController();
  ends.push(ending);
  void controller.run(ending.signal);
  const make = (name: string): void => {
    store.create('pods', {
      metadata: { name, namespace: 'default' },
      spec: {
        nodeName: 'burst-0',
        automountServiceAccountToken: false,
        restartPolicy: 'Never',
        containers: [{ name: 'main', image: 'app:1' }],
      },
    });
  };
  const pods = (): Pod[] => store.list('pods', 'default') as unknown as Pod[];
  const pod = (name: string): Pod => store.get('pods', 'default', name) as unknown as Pod;
  const eventsOf = (name: string, reason: string): string[] =>
    events.filter((event) => event.pod === name && event.reason === reason).map(({ message }) => message);
  const creates = (): number => cloud.front.calls.filter(({ kind }) => kind === 'create').length;
  return { clock, store, cloud, make, pods, pod, events, eventsOf, writes, creates };
}

function condition(pod: Pod, type: string) {
  return pod.status?.conditions?.find((one) => one.type === type);
}

const available = 'burstlet.dev/InstanceAvailable';

describe('stock that runs out', () => {
  test('500 Pods all run, on one instance each, and say which offers had none', async () => {
    const random = seededRandom(5);
    const states = ['in', 'in', 'out', 'late'] as const;
    const comesAndGoes = () =>
      Array.from({ length: 12 }, (_, index) => ({
        atMs: index * 5_000 + random() * 5_000,
        state: states[Math.floor(random() * states.length)] ?? 'in',
      }));
    const offers = [
      spot('a/spot', { stock: comesAndGoes() }),
      spot('b/spot', { stock: comesAndGoes() }),
      onDemand,
    ];
    const { clock, cloud, make, pods, eventsOf } = setUp(offers);
    for (let index = 0; index < 500; index++) clock.schedule(random() * 60_000, () => make(`p-${index}`));
    await clock.advance(240_000);
    const notRunning = pods().filter(({ status }) => status?.phase !== 'Running');
    expect(notRunning.map(({ metadata }) => metadata?.name)).toEqual([]);
    expect(cloud.ledger.doublings).toEqual([]);
    expect(cloud.size).toBe(500);
    const taken = new Set<string>();
    for (const { metadata } of pods()) {
      const { name = '', uid = '', annotations = {} } = metadata ?? {};
      const [instance] = cloud.instances(uid);
      if (instance === undefined) throw new Error(`${name} has no instance`);
      const { offer = '', size } = cloud.inspect(instance.ref).purchase ?? {};
      taken.add(offer);
      expect(annotations).toMatchObject({
        'burstlet.dev/offer': offer,
        'burstlet.dev/instance-size': size?.name,
      });
      expect(Number(annotations['burstlet.dev/attempt'] ?? 0)).toBe(instance.owner.attempt);
      const told = eventsOf(name, 'InstanceSized').at(-1) ?? '';
      expect(told).toContain(`at ${offer}`);
      if (offer !== 'a/spot') expect(told).toMatch(/passed over a\/spot \(no stock/);
    }
    expect([...taken].sort()).toEqual(['a/on-demand', 'a/spot', 'b/spot']);
  });

  test('without any the Pod waits, says so once, and is not asked for more often than the offers open', async () => {
    const out = [{ atMs: 0, state: 'out' as const }];
    const { clock, cloud, make, pod, eventsOf, creates } = setUp([
      spot('a/spot', { stock: out }),
      { ...onDemand, stock: out },
    ]);
    for (let index = 0; index < 50; index++) make(`p-${index}`);
    await clock.advance(10_000);
    expect(condition(pod('p-7'), available)).toMatchObject({
      ...{ status: 'False', reason: 'OutOfStock' },
      message:
        'No offer has an instance for cpu=250m, memory=512Mi: a/spot (no stock of 1-2), a/on-demand (no stock of 2-4)',
    });
    expect(condition(pod('p-7'), 'PodScheduled')).toMatchObject({ status: 'True' });
    expect(pod('p-7').status?.containerStatuses?.[0]?.state?.waiting?.reason).toBe('OutOfStock');
    const before = creates();
    await clock.advance(580_000);
    expect(creates() - before).toBeLessThan(16);
    expect(eventsOf('p-7', 'OutOfStock')).toHaveLength(1);
    await clock.advance(20_000);
    expect(eventsOf('p-7', 'OutOfStock')).toEqual([
      expect.stringContaining('a/spot'),
      expect.stringMatching(/more than 10 min$/),
    ]);
    cloud.market?.setStock('a/on-demand', 'in');
    await clock.advance(600_000);
    expect(pod('p-7').status?.phase).toBe('Running');
    expect(condition(pod('p-7'), available)).toMatchObject({ status: 'True', reason: 'InstanceBought' });
    expect(cloud.size).toBe(50);
  });

  test('or it ends, where that is wanted', async () => {
    const stock = [{ atMs: 0, state: 'late' as const }];
    const stockPolicy = { deadlineMs: 120_000, onDeadline: 'fail' } as const;
    const { clock, cloud, make, pod } = setUp([spot('a/spot', { stock })], { stockPolicy });
    make('p');
    await clock.advance(110_000);
    expect(pod('p').status?.phase).toBe('Pending');
    await clock.advance(60_000);
    expect(pod('p').status).toMatchObject({ phase: 'Failed', reason: 'OutOfStock' });
    expect(pod('p').status?.message).toMatch(/more than 2 min$/);
    expect(cloud.instances().filter(({ phase }) => phase !== 'Stopped')).toEqual([]);
  });
});

test('a full quota: they wait with a condition, one tries for all, and room is used as soon as it comes', async () => {
  const { clock, cloud, store, make, pod, pods, creates } = setUp([onDemand], { capacity: 10 });
  for (let index = 0; index < 10; index++) make(`p-${index}`);
  await clock.advance(1_000);
  for (let index = 10; index < 110; index++) make(`p-${index}`);
  await clock.advance(10_000);
  expect(condition(pod('p-50'), available)).toMatchObject({ status: 'False', reason: 'QuotaExceeded' });
  const before = creates();
  await clock.advance(600_000);
  expect(creates() - before).toBeLessThan(16);
  store.delete('pods', 'default', 'p-0', {});
  await clock.advance(5_000);
  expect(cloud.ledger.live).toBe(10);
  expect(pods().filter(({ status }) => status?.phase === 'Running')).toHaveLength(10);
});

test('200 Pods on spot, three of ten taken back: each says so at the notice, at its end, and what it cost', async () => {
  const reclaims = { chance: 0.3, afterMs: { min: 30_000, max: 90_000 }, noticeMs: 5_000 };
  const script: MockScript = {
    runningAfterMs: 500,
    containers: {
      '*': {
        ...{ exits: [{ code: 0, afterMs: 120_000 }], readyAfterMs: 0, onTerm: { code: 3, afterMs: 2_000 } },
        ...{ logs: [], logEveryMs: 0, cpuMillis: 1, memoryBytes: 1 },
      },
    },
  };
  const { clock, cloud, make, pods, eventsOf, writes } = setUp([spot('a/spot', { reclaims }), onDemand], {
    script,
  });
  for (let index = 0; index < 200; index++) make(`p-${index}`);
  const atNotice = new Map<string, string | undefined>();
  for (let second = 0; second < 150; second++) {
    await clock.advance(1_000);
    for (const pod of pods())
      if (pod.status?.phase === 'Running' && condition(pod, 'DisruptionTarget') !== undefined)
        atNotice.set(pod.metadata?.name ?? '', condition(pod, 'DisruptionTarget')?.status);
  }
  await settle();
  const bills = new Map([...(cloud.market?.bills.values() ?? [])].map((bill) => [bill.podUid, bill]));
  let interrupted = 0;
  for (const pod of pods()) {
    const { name = '', uid = '', annotations = {} } = pod.metadata ?? {};
    const code = pod.status?.containerStatuses?.[0]?.state?.terminated?.exitCode;
    const target = condition(pod, 'DisruptionTarget');
    if (pod.status?.phase === 'Succeeded')
      expect([code, target, annotations['burstlet.dev/cost'] === undefined]).toEqual([0, undefined, false]);
    else {
      interrupted++;
      expect([pod.status?.phase, pod.status?.reason, code]).toEqual(['Failed', 'SpotReclaimed', 3]);
      expect(target).toMatchObject({ status: 'True', reason: 'TerminationByKubelet' });
      expect(atNotice.get(name)).toBe('True');
      expect(eventsOf(name, 'Interrupted')).toHaveLength(1);
    }
    const [bill, tariff] = [bills.get(uid), tariffIn(pod)];
    if (bill === undefined || tariff === undefined) throw new Error(`${name} has no bill`);
    expect(bill.endedAt).toBeDefined();
    expect(readMoney(annotations['burstlet.dev/cost'])?.amount).toBeCloseTo(costOf(bill, tariff, 0), 9);
    // Bought, running, told of the notice if there was one, ended.
    expect(writes.get(name)).toBe(target === undefined ? 3 : 4);
  }
  expect(interrupted).toBeGreaterThan(40);
  expect(atNotice.size).toBe(interrupted);
  expect(cloud.ledger.doublings).toEqual([]);
});
