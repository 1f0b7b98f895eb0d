import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { eventually } from '../../test/support/eventually.ts';
import { meddled } from '../../test/support/meddled.ts';
import { startTestApi, type TestApi } from '../../test/support/test-api.ts';
import type { KubeClient } from '../kube/client.ts';
import { ConnectionError } from '../kube/errors.ts';
import type { Lease, Node } from '../kube/types.ts';
import { FakeClock } from '../telemetry/fake-clock.ts';
import { silentLog as log } from '../telemetry/log.ts';
import { LeaseKeeper } from './lease-keeper.ts';

const resource = 'leases.coordination.k8s.io';
const namespace = 'kube-node-lease';

let api: TestApi;
let clock: FakeClock;
let node: Node | undefined;
let stop: () => Promise<void>;

beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());
afterEach(async () => {
  await stop();
  if (store().get(resource, namespace, 'burst-0')) store().delete(resource, namespace, 'burst-0');
});

const store = () => api.cluster.store;

function start(client: KubeClient = api.client): void {
  clock = new FakeClock();
  node = { metadata: { name: 'burst-0', uid: 'the-uid' } };
  api.calls.length = 0;
  const ending = new AbortController();
  const keeper = new LeaseKeeper({
    ...{ clock, random: () => 0, log, client, nodeName: 'burst-0' },
    node: () => node,
  });
  const ended = keeper.run(ending.signal);
  stop = async () => {
    ending.abort();
    await ended;
  };
}

function lease(): Lease {
  const found = store().get(resource, namespace, 'burst-0');
  if (found === undefined) throw new Error('no Lease');
  return found as unknown as Lease;
}

/** Resolves when the Lease carries the time of the clock, and the keeper rests. */
async function renewed(): Promise<void> {
  const now = new Date(clock.now()).toISOString().replace('Z', '000Z');
  await eventually(() => lease().spec?.renewTime === now && clock.pending === 1);
}

it('is made as a kubelet makes it', async () => {
  start();
  await renewed();
  expect(lease()).toMatchObject({
    metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'burst-0', uid: 'the-uid' }] },
    spec: { holderIdentity: 'burst-0', leaseDurationSeconds: 40, renewTime: '2026-01-01T00:00:00.000000Z' },
  });
});

it('is renewed every 10 s with one write, not earlier', async () => {
  start();
  await renewed();
  for (let n = 0; n < 3; n++) {
    await clock.advance(9_999);
    await clock.advance(1);
    await renewed();
  }
  expect(api.calls).toEqual([`get leases`, 'create leases', ...Array(3).fill('update leases')]);
});

it('is taken over from an earlier process, and keeps what others put into it', async () => {
  const metadata = { name: 'burst-0', namespace, labels: { mine: 'too' } };
  store().create(resource, { metadata, spec: { holderIdentity: 'burst-0', leaseTransitions: 3 } });
  start();
  await renewed();
  expect(lease()).toMatchObject({ metadata: { labels: { mine: 'too' } }, spec: { leaseTransitions: 3 } });
});

it('survives the writes of others', async () => {
  start();
  await renewed();
  const { metadata, ...rest } = lease();
  store().update(resource, { ...rest, metadata: { ...metadata, labels: { other: 'writer' } } });
  await clock.advance(10_000);
  await renewed();
  expect(lease().metadata?.labels).toEqual({ other: 'writer' });
  expect(api.calls.slice(2)).toEqual(['update leases', 'get leases', 'update leases']);
});

it('is made again at the next beat when somebody deletes it', async () => {
  start();
  await renewed();
  const { uid } = lease().metadata ?? {};
  store().delete(resource, namespace, 'burst-0');
  await clock.advance(10_000);
  await renewed();
  expect(lease().metadata?.uid).not.toBe(uid);
});

it('follows the Node when that is made again', async () => {
  start();
  await renewed();
  node = { metadata: { name: 'burst-0', uid: 'the-next' } };
  await clock.advance(10_000);
  await renewed();
  expect(lease().metadata?.ownerReferences?.[0]?.uid).toBe('the-next');
});

it('is renewed soon after an API server that was away is back, with pauses of 7 s at most', async () => {
  const { client } = api;
  let tries = 0;
  let away = false;
  const flaky = meddled(client, {
    async update(resource, object, options) {
      tries++;
      if (away)
        throw new ConnectionError({
          kind: 'connect',
          call: 'put',
          server: '',
          message: 'no',
          untouched: true,
        });
      return client.update(resource, object, options);
    },
  });
  start(flaky);
  await renewed();
  away = true;
  await clock.advance(10_000);
  for (let waited = 0; waited < 60_000; waited += 3_500) {
    await eventually(() => clock.pending === 1);
    await clock.advance(3_500);
  }
  expect(tries).toBeGreaterThan(60_000 / 7_000);
  away = false;
  await eventually(() => clock.pending === 1);
  await clock.advance(7_000);
  await eventually(() => Date.parse(lease().spec?.renewTime ?? '') > clock.now() - 7_001);
});
