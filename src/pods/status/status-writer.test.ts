import { describe, expect, test } from 'vitest';
import { ApiWeather } from '../../../test/crash/api-weather.ts';
import { StoreClient } from '../../../test/crash/store-client.ts';
import { StoreServer } from '../../../test/crash/store-server.ts';
import { MemoryStore } from '../../devcluster/store/memory-store.ts';
import { pods } from '../../kube/resources.ts';
import type { Pod, PodStatus } from '../../kube/types.ts';
import { FakeClock, settle } from '../../telemetry/fake-clock.ts';
import { silentLog } from '../../telemetry/log.ts';
import { StatusWriter } from './status-writer.ts';

type Trouble = (verb: 'patch', point: 'before' | 'after') => void;

/** A writer on a store with one Pod; `trouble` may throw before or after a patch takes effect. */
async function setUp() {
  const clock = new FakeClock();
  const random = (): number => 0.5;
  const store = new MemoryStore({ clock, random, log: silentLog });
  store.create('namespaces', { metadata: { name: 'default' } });
  store.create('pods', {
    metadata: { name: 'web-0', namespace: 'default' },
    spec: { nodeName: 'burst-0', containers: [{ name: 'main', image: 'app:1' }] },
  });
  const server = new StoreServer({ store, clock, weather: new ApiWeather({ random }) });
  const state: { trouble: Trouble; patches: number; reads: number } = {
    trouble: () => undefined,
    patches: 0,
    reads: 0,
  };
  const client = new StoreClient(server, ({ verb }, point) => {
    if (verb !== 'patch') return;
    if (point === 'before') state.patches++;
    state.trouble(verb, point);
  });
  const get = client.get.bind(client);
  client.get = (...args) => {
    state.reads++;
    return get(...args);
  };
  const told: string[] = [];
  const onWritten = (uid: string): void => {
    told.push(uid);
  };
  const lags: number[] = [];
  const onTaken = (lagMs: number): void => {
    lags.push(lagMs);
  };
  const writer = new StatusWriter({ clock, random, log: silentLog, client, onWritten, onTaken });
  const ending = new AbortController();
  void writer.run(ending.signal);
  const pod = await client.get(pods, { namespace: 'default', name: 'web-0' });
  state.reads = 0;
  const uid = pod.metadata?.uid ?? '';
  const want = (status: PodStatus, known: Pod = pod): void =>
    writer.want(uid, writer.newest(uid, known), status);
  const phase = (): unknown => store.get('pods', 'default', 'web-0')?.status?.phase;
  const touch = (): void => {
    const live = store.get('pods', 'default', 'web-0');
    if (live !== undefined)
      store.update('pods', { ...live, metadata: { ...live.metadata, labels: { touched: 'yes' } } });
  };
  return { clock, store, client, writer, state, told, lags, pod, uid, want, phase, touch };
}

function once(act: () => void, at: 'before' | 'after'): Trouble {
  let done = false;
  return (_verb, point) => {
    if (done || point !== at) return;
    done = true;
    act();
  };
}

const fail = (): never => {
  throw new Error('connection reset');
};

describe('a write whose outcome is open', () => {
  test('takes nothing back that was written', async () => {
    const { clock, writer, state, told, pod, uid, want, phase } = await setUp();
    state.trouble = once(fail, 'after');
    want({ phase: 'Succeeded' });
    await settle();
    expect(phase()).toBe('Succeeded');
    // The cache has not seen it, and by now the instance is gone.
    want({ phase: 'Failed', reason: 'InstanceLost' });
    await clock.advance(1_000);
    expect(state.reads).toBe(1);
    expect(phase()).toBe('Succeeded');
    expect(told).toEqual([uid]);
    expect(writer.newest(uid, pod).status?.phase).toBe('Succeeded');
  });

  test('is made again where it did not happen', async () => {
    const { clock, state, want, phase } = await setUp();
    state.trouble = once(fail, 'before');
    want({ phase: 'Running' });
    await settle();
    expect(phase()).toBe('Pending');
    await clock.advance(1_000);
    expect(phase()).toBe('Running');
    expect(state).toMatchObject({ patches: 2, reads: 0 });
  });
});

test('a write of somebody else in between is not overwritten unseen', async () => {
  const { clock, store, state, told, uid, want, phase } = await setUp();
  state.trouble = once(() => {
    const live = store.get('pods', 'default', 'web-0');
    store.update('pods', { ...live, status: { ...live?.status, phase: 'Failed' } }, 'status');
  }, 'before');
  want({ phase: 'Running' });
  await clock.advance(1_000);
  expect(phase()).toBe('Failed');
  expect(told).toEqual([uid]);
  want({ phase: 'Running' });
  await clock.advance(1_000);
  expect(phase()).toBe('Failed');
});

test('a change of the metadata in between costs one read and one more patch', async () => {
  const { clock, state, want, phase, touch } = await setUp();
  touch();
  want({ phase: 'Running' });
  await clock.advance(1_000);
  want({ phase: 'Running' });
  await clock.advance(1_000);
  expect(phase()).toBe('Running');
  expect(state).toMatchObject({ patches: 2, reads: 1 });
});

test('the time from a wish to its place in the API server is told, failures and all', async () => {
  const { clock, client, state, lags, want } = await setUp();
  want({ phase: 'Pending', reason: 'Starting' });
  await clock.advance(1_000);
  expect(lags).toEqual([1_000]);
  const caughtUp = await client.get(pods, { namespace: 'default', name: 'web-0' });
  state.trouble = once(fail, 'before');
  want({ phase: 'Running' }, caughtUp);
  await clock.advance(50);
  // From the first of the two wishes on.
  want({ phase: 'Running', message: 'still' }, caughtUp);
  await clock.advance(10_000);
  expect(lags).toEqual([1_000, 50]);
});

test('an answer counts until the cache has caught up', async () => {
  const { client, writer, pod, uid, want, phase } = await setUp();
  want({ phase: 'Running' });
  await settle();
  expect(phase()).toBe('Running');
  expect(writer.newest(uid, pod).status?.phase).toBe('Running');
  const caughtUp = await client.get(pods, { namespace: 'default', name: 'web-0' });
  expect(writer.newest(uid, caughtUp)).toBe(caughtUp);
  expect(writer.newest(uid, pod)).toBe(pod);
});

test('what the watch shows of an own write is no news, once', async () => {
  const { client, writer, pod, uid, want } = await setUp();
  want({ phase: 'Running' });
  await settle();
  const shown = await client.get(pods, { namespace: 'default', name: 'web-0' });
  expect(writer.catchesUp(uid, pod)).toBe(false);
  expect(writer.catchesUp(uid, shown)).toBe(true);
  expect(writer.newest(uid, shown)).toBe(shown);
  expect(writer.catchesUp(uid, shown)).toBe(false);
});

test('a Pod that is gone is left alone', async () => {
  const { clock, store, state, want } = await setUp();
  store.delete('pods', 'default', 'web-0', { gracePeriodSeconds: 0 });
  want({ phase: 'Running' });
  await clock.advance(120_000);
  expect(state).toMatchObject({ patches: 1, reads: 0 });
});

describe('annotations', () => {
  test('go with the status, in one write, at once and under the same conditions', async () => {
    const { clock, writer, state, told, pod, uid, store, touch } = await setUp();
    const status = { phase: 'Pending', hostIP: '192.0.2.1' };
    writer.want(uid, pod, status, { 'burstlet.dev/offer': 'a/spot', 'burstlet.dev/attempt': null });
    await clock.advance(0);
    const read = () => store.get('pods', 'default', 'web-0');
    expect(state.patches).toBe(1);
    expect(told).toEqual([uid]);
    expect(read()?.metadata.annotations).toEqual({ 'burstlet.dev/offer': 'a/spot' });
    expect(read()?.status).toMatchObject(status);
    // What was decided on an older version of the Pod does not count.
    const old = writer.newest(uid, pod);
    touch();
    writer.want(uid, old, status, { 'burstlet.dev/offer': 'b/spot' });
    await settle();
    expect(read()?.metadata.annotations).toEqual({ 'burstlet.dev/offer': 'a/spot' });
    await clock.advance(1_000);
    expect(told).toEqual([uid, uid]);
    writer.want(uid, writer.newest(uid, pod), status, { 'burstlet.dev/offer': null });
    await clock.advance(0);
    expect(read()?.metadata.annotations).toBeUndefined();
  });
});
