import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { eventually } from '../../test/support/eventually.ts';
import { meddled } from '../../test/support/meddled.ts';
import { startTestApi, type TestApi } from '../../test/support/test-api.ts';
import type { KubeClient } from '../kube/client.ts';
import { ConnectionError } from '../kube/errors.ts';
import { FakeClock } from '../telemetry/fake-clock.ts';
import { silentLog as log } from '../telemetry/log.ts';
import { deregister } from './deregister.ts';

const leases = 'leases.coordination.k8s.io';

let api: TestApi;
let clock: FakeClock;
let told: string[];

beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const store = () => api.cluster.store;

beforeEach(() => {
  clock = new FakeClock();
  told = [];
  for (const { metadata } of store().list('pods'))
    store().delete('pods', metadata.namespace, metadata.name, { gracePeriodSeconds: 0 });
  if (store().get('nodes', undefined, 'n') === undefined)
    store().create('nodes', { metadata: { name: 'n' } });
  if (store().get(leases, 'kube-node-lease', 'n') === undefined)
    store().create(leases, { metadata: { name: 'n', namespace: 'kube-node-lease' }, spec: {} });
});

function pod(name: string, node: string, metadata: object = {}): void {
  const spec = { nodeName: node, containers: [{ name: 'c', image: 'i' }], terminationGracePeriodSeconds: 7 };
  store().create('pods', { metadata: { name, namespace: 'default', ...metadata }, spec });
}

const names = () =>
  store()
    .list('pods')
    .map(({ metadata }) => metadata.name);
const read = (name: string) => store().get('pods', 'default', name);
const finish = (name: string) => store().delete('pods', 'default', name, { gracePeriodSeconds: 0 });
const isThere = () =>
  [store().get('nodes', undefined, 'n'), store().get(leases, 'kube-node-lease', 'n')].map(Boolean);

function run(client: KubeClient = api.client, signal = new AbortController().signal): Promise<void> {
  const letGo = async (): Promise<void> => {
    told.push(`let go with ${names().length} Pods, node there: ${isThere()[0]}`);
  };
  return deregister({ clock, log, client, nodeName: 'n', timeoutMs: 60_000, letGo }, signal);
}

it('cordons, lets the Pods go in their own time, and removes Node and Lease at the end', async () => {
  for (const name of ['a', 'b']) pod(name, 'n');
  pod('elsewhere', 'm');
  const done = run();
  await eventually(() => read('a')?.metadata.deletionTimestamp && read('b')?.metadata.deletionTimestamp);
  expect(store().get('nodes', undefined, 'n')?.spec).toMatchObject({ unschedulable: true });
  expect(read('a')?.metadata.deletionGracePeriodSeconds).toBe(7);
  await eventually(() => clock.pending === 1);
  finish('a');
  await clock.advance(1_000);
  await eventually(() => clock.pending === 1);
  expect(isThere()).toEqual([true, true]);
  finish('b');
  await clock.advance(1_000);
  await done;
  expect(isThere()).toEqual([false, false]);
  expect(names()).toEqual(['elsewhere']);
  // Their keepers end first: they would make both anew.
  expect(told).toEqual(['let go with 1 Pods, node there: true']);
});

it('refuses when Pods stay, and says which', async () => {
  pod('stubborn', 'n');
  const done = run().catch((error: unknown) => error);
  for (let second = 0; second < 60; second++) {
    await eventually(() => clock.pending === 1);
    await clock.advance(1_000);
  }
  expect(await done).toEqual(
    new Error('1 Pods are still on node n (default/stubborn); the node stays registered'),
  );
  expect(isThere()).toEqual([true, true]);
  expect(told).toEqual([]);
});

it('does not wait for the Pods of DaemonSets, which would come back', async () => {
  const ownerReferences = [
    { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'd', uid: 'u', controller: true },
  ];
  pod('daemon', 'n', { ownerReferences });
  await run();
  expect(isThere()).toEqual([false, false]);
  expect(read('daemon')?.metadata.deletionTimestamp).toBeUndefined();
});

it('is done when Node and Lease are gone already', async () => {
  store().delete('nodes', undefined, 'n');
  store().delete(leases, 'kube-node-lease', 'n');
  await run();
});

it('waits for an API server that is away', async () => {
  const { client } = api;
  let away = 3;
  const flaky = meddled(client, {
    async list(resource, options) {
      if (away-- > 0)
        throw new ConnectionError({
          kind: 'connect',
          call: 'list',
          server: '',
          message: 'no',
          untouched: true,
        });
      return client.list(resource, options);
    },
  });
  const done = run(flaky);
  for (let second = 0; second < 3; second++) {
    await eventually(() => clock.pending === 1);
    expect(isThere()).toEqual([true, true]);
    await clock.advance(1_000);
  }
  await done;
  expect(isThere()).toEqual([false, false]);
});

it('ends when it is told to', async () => {
  pod('stubborn', 'n');
  const stop = new AbortController();
  const done = run(api.client, stop.signal).catch((error: unknown) => error);
  await eventually(() => clock.pending === 1);
  stop.abort();
  expect(await done).toBeInstanceOf(Error);
  expect(isThere()).toEqual([true, true]);
});
