import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FileSpec } from '../../../providers/contract/index.ts';
import { ProviderError } from '../../../providers/contract/index.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { startTestApi, type TestApi } from '../../../test/support/test-api.ts';
import type { Pod, Volume } from '../../kube/types.ts';
import { systemClock } from '../../telemetry/clock.ts';
import { silentLog } from '../../telemetry/log.ts';
import { ownershipOf } from '../creation.ts';
import { aPod } from '../testing/objects.ts';
import { SpecReader } from './spec-reader.ts';
import { VolumeRefresher } from './volume-refresher.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const ref = { id: 'i-1', podUid: 'uid-1' };
const never = new AbortController().signal;

function podWith(volumes: readonly Volume[], labels: Record<string, string> = {}): Pod {
  return aPod({ meta: { labels }, spec: { volumes: [...volumes] } });
}

/** A refresher at work for one Pod, and what it told the provider: `config: { key: 'text' }`. */
async function setUp(pod: Pod, update = async (): Promise<void> => undefined) {
  const told: Record<string, Record<string, string>>[] = [];
  const base = { clock: systemClock, random: () => 0, log: silentLog, client: api.client };
  const reader = new SpecReader({
    ...base,
    hostIp: () => '192.0.2.1',
    capacity: () => ({ instances: 1, resources: {} }),
    dns: { clusterDns: [], clusterDomain: '', host: { nameservers: [], searches: [], options: [] } },
    expectsDns: true,
    events: () => undefined,
    retry: () => undefined,
  });
  const current = { pod };
  const resolve = (one: Pod) => reader.resolve(one, ownershipOf(one, 'c-1', 'burst-0'), never);
  const refresher = new VolumeRefresher({
    ...base,
    provider: {
      async update(_ref, volume, files) {
        told.push({ [volume]: textOf(files) });
        await update();
      },
    },
    volumes: (one, signal) => reader.volumes(one, ownershipOf(one, 'c-1', 'burst-0'), signal),
    cached: () => current.pod,
  });
  const ending = new AbortController();
  const running = Promise.all([reader.run(ending.signal), refresher.run(ending.signal)]);
  const made = await resolve(pod);
  if (made.kind !== 'spec') throw new Error('not resolved');
  return {
    ...{ told, refresher, made, current },
    async end() {
      ending.abort();
      await running;
    },
  };
}

function textOf(files: readonly FileSpec[]): Record<string, string> {
  return Object.fromEntries(files.map(({ path, content }) => [path, Buffer.from(content).toString()]));
}

function configMap(name: string, data: Record<string, string>, more: object = {}): void {
  api.cluster.store.create('configmaps', { metadata: { name, namespace: 'default' }, data, ...more });
}

function change(name: string, data: Record<string, string>): void {
  const live = api.cluster.store.get('configmaps', 'default', name);
  api.cluster.store.update('configmaps', { ...live, metadata: { ...live?.metadata }, data });
}

test('a change of a ConfigMap reaches the instance; what stayed the same is not sent', async () => {
  configMap('one', { key: 'old' });
  configMap('two', { other: 'x' });
  const pod = podWith([
    { name: 'config', configMap: { name: 'one' } },
    { name: 'more', configMap: { name: 'two' } },
  ]);
  const { told, refresher, made, end } = await setUp(pod);
  refresher.follow(pod, ref, made);
  change('one', { key: 'new' });
  await eventually(() => told.length > 0);
  expect(told).toEqual([{ config: { key: 'new' } }]);
  await end();
});

test('after a restart all of it is sent once, for nobody knows what the instance has', async () => {
  configMap('three', { key: 'now' });
  const pod = podWith([{ name: 'config', configMap: { name: 'three' } }]);
  const { told, refresher, end } = await setUp(pod);
  refresher.follow(pod, ref);
  await eventually(() => told.length > 0);
  expect(told).toEqual([{ config: { key: 'now' } }]);
  await end();
});

test('what is gone keeps its files, and does not keep others from being refreshed', async () => {
  configMap('lost', { key: 'x' });
  configMap('found', { key: 'old' });
  const pod = podWith([
    { name: 'gone', configMap: { name: 'lost' } },
    { name: 'config', configMap: { name: 'found' } },
  ]);
  const { told, refresher, made, end } = await setUp(pod);
  refresher.follow(pod, ref, made);
  api.cluster.store.delete('configmaps', 'default', 'lost');
  change('found', { key: 'new' });
  await eventually(() => told.length > 0);
  expect(told).toEqual([{ config: { key: 'new' } }]);
  configMap('lost', { key: 'back' });
  await eventually(() => told.length > 1);
  expect(told[1]).toEqual({ gone: { key: 'back' } });
  await end();
});

test('labels in files follow the Pod', async () => {
  const volumes = [
    {
      name: 'info',
      downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] },
    },
  ];
  const { told, refresher, made, current, end } = await setUp(podWith(volumes, { app: 'a' }));
  refresher.follow(current.pod, ref, made);
  current.pod = podWith(volumes, { app: 'b' });
  refresher.podChanged('uid-1');
  await eventually(() => told.length > 0);
  expect(told).toEqual([{ info: { labels: 'app="b"' } }]);
  await end();
});

test('a failed update is repeated; of an instance that is gone nothing more is asked', async () => {
  configMap('four', { key: 'old' });
  const pod = podWith([{ name: 'config', configMap: { name: 'four' } }]);
  const outcomes = ['Retryable', 'NotFound'] as const;
  let calls = 0;
  const { told, refresher, made, end } = await setUp(pod, async () => {
    throw new ProviderError(outcomes[calls++] ?? 'Unsupported', 'no');
  });
  refresher.follow(pod, ref, made);
  change('four', { key: 'new' });
  await eventually(() => told.length === 2);
  change('four', { key: 'newer' });
  await end();
  expect(told).toHaveLength(2);
});

test('what is immutable is not watched', async () => {
  configMap('five', { key: 'old' }, { immutable: true });
  const pod = podWith([{ name: 'config', configMap: { name: 'five' } }]);
  const { made, end } = await setUp(pod);
  expect(made.changing).toEqual([]);
  await end();
});
