import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Capacity } from '../../providers/contract/index.ts';
import { eventually } from '../../test/support/eventually.ts';
import { meddled } from '../../test/support/meddled.ts';
import { startTestApi, type TestApi } from '../../test/support/test-api.ts';
import type { KubeClient } from '../kube/client.ts';
import { StatusError } from '../kube/errors.ts';
import type { Node } from '../kube/types.ts';
import { FakeClock } from '../telemetry/fake-clock.ts';
import type { Log } from '../telemetry/log.ts';
import { NodeKeeper } from './node-keeper.ts';
import type { NodeIdentity } from './node-object.ts';

const identity: NodeIdentity = {
  ...{ name: 'burst-0', provider: 'mock', address: '127.0.0.1', kubeletPort: 10250, taint: true },
  ...{ labels: { pool: 'spot' }, os: 'linux', arch: 'amd64', version: 'v1.36.0' },
};
const capacity: Capacity = { instances: 10, resources: { cpuMillis: 4_000, memoryBytes: 2 ** 30 } };
const trouble = { reason: 'AuthFailed', message: 'the key is expired' };

let api: TestApi;
let stop: () => Promise<void> = async () => {};
let clock: FakeClock;
let warnings: string[];

beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());
afterEach(async () => {
  await stop();
  if (store().get('nodes', undefined, 'burst-0')) store().delete('nodes', undefined, 'burst-0');
});

const store = () => api.cluster.store;

/** Runs a keeper on a clock that stands still, until its Node is registered. */
async function start(client: KubeClient = api.client): Promise<NodeKeeper> {
  clock = new FakeClock();
  warnings = [];
  api.calls.length = 0;
  const log: Log = { debug() {}, info() {}, warn: (_, message) => warnings.push(message), error() {} };
  const keeper = new NodeKeeper({ clock, random: () => 0, log, client, identity, capacity });
  const ending = new AbortController();
  const ended = keeper.run(ending.signal);
  stop = async () => {
    ending.abort();
    await ended;
  };
  await keeper.registered;
  return keeper;
}

function node(): Node {
  const found = store().get('nodes', undefined, 'burst-0');
  if (found === undefined) throw new Error('no Node');
  return found as unknown as Node;
}

const condition = (type: string) => node().status?.conditions?.find((one) => one.type === type);
const taints = () => (node().spec?.taints ?? []).map(({ key }) => key);
const written = (...expected: string[]) =>
  eventually(() => {
    expect(api.writes()).toEqual(expected);
    return true;
  });
/** Lets what is under way arrive: a change of the Node goes there and back, and is seen by the keeper. */
async function quiet(keeper: NodeKeeper): Promise<void> {
  const { metadata, ...rest } = node();
  const mark = String(Math.random());
  store().update('nodes', { ...rest, metadata: { ...metadata, annotations: { mark } } });
  await eventually(() => keeper.node?.metadata?.annotations?.mark === mark);
  await clock.advance(0);
}

const registration = ['create nodes', 'patch nodes/status'];

describe('the Node object', () => {
  it('is registered with two writes, and then left alone for five minutes', async () => {
    const keeper = await start();
    expect(node()).toMatchObject({
      metadata: { labels: { pool: 'spot', type: 'virtual-kubelet' } },
      status: {
        capacity: { cpu: '4000m', pods: '10' },
        daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      },
    });
    expect(taints()).toEqual(['virtual-kubelet.io/provider']);
    await quiet(keeper);
    await clock.advance(299_000);
    await quiet(keeper);
    await written(...registration);
    const before = condition('Ready');
    await clock.advance(1_000);
    await written(...registration, 'patch nodes/status');
    expect(condition('Ready')?.lastHeartbeatTime).not.toBe(before?.lastHeartbeatTime);
    expect(condition('Ready')?.lastTransitionTime).toBe(before?.lastTransitionTime);
    await clock.advance(299_000);
    await quiet(keeper);
    await written(...registration, 'patch nodes/status');
    expect(warnings).toEqual([]);
  });

  it('is taken over as it stands', async () => {
    const foreign = { key: 'team', value: 'a', effect: 'NoSchedule' };
    store().create('nodes', {
      metadata: { name: 'burst-0', labels: { team: 'a' } },
      spec: { taints: [foreign] },
    });
    await start();
    await written('patch nodes/status', 'patch nodes');
    expect(node().metadata?.labels).toMatchObject({ team: 'a', type: 'virtual-kubelet' });
    expect(node().spec?.taints).toEqual([foreign]);
  });

  it('is made again when somebody deletes it', async () => {
    const keeper = await start();
    await quiet(keeper);
    const { uid } = node().metadata ?? {};
    store().delete('nodes', undefined, 'burst-0');
    await eventually(() => node().metadata?.uid !== uid && condition('Ready')?.status === 'True');
    await written(...registration, ...registration);
  });

  it('gets its labels back, and those of others stay', async () => {
    const keeper = await start();
    await quiet(keeper);
    const { metadata, ...rest } = node();
    store().update('nodes', { ...rest, metadata: { ...metadata, labels: { type: 'pet', mine: 'too' } } });
    await eventually(() => node().metadata?.labels?.pool === 'spot');
    expect(node().metadata?.labels).toMatchObject({ type: 'virtual-kubelet', mine: 'too' });
    await quiet(keeper);
    await written(...registration, 'patch nodes');
  });

  it('keeps the conditions of others, and takes back its own', async () => {
    const keeper = await start();
    await quiet(keeper);
    const foreign = { type: 'NetworkUnavailable', status: 'False', reason: 'RouteCreated' };
    const conditions = (node().status?.conditions ?? []).map((one) => ({
      ...one,
      ...(one.type === 'Ready' ? { status: 'Unknown', reason: 'NodeStatusUnknown' } : {}),
    }));
    store().update(
      'nodes',
      { ...node(), status: { ...node().status, conditions: [...conditions, foreign] } },
      'status',
    );
    await eventually(() => condition('Ready')?.status === 'True');
    expect(condition('NetworkUnavailable')).toMatchObject(foreign);
    await quiet(keeper);
    await written(...registration, 'patch nodes/status');
  });

  it('follows the capacity of the provider, and says the same thing once', async () => {
    const keeper = await start();
    const larger = { instances: 20, resources: { cpuMillis: 8_000, memoryBytes: 2 ** 30 } };
    keeper.setCapacity(larger);
    await eventually(() => node().status?.allocatable?.pods === '20');
    keeper.setCapacity({ ...larger });
    await quiet(keeper);
    await written(...registration, 'patch nodes/status');
  });
});

describe('a resource that the provider has no more', () => {
  const gpu = 'example.com/gpu';
  const offered = { ...capacity, resources: { ...capacity.resources, extended: { [gpu]: 4 } } };
  const lists = () => [node().status?.capacity ?? {}, node().status?.allocatable ?? {}];
  function patchLists(change: Readonly<Record<string, string>>): void {
    const { status } = node();
    const [had, left] = lists();
    const more = { capacity: { ...had, ...change }, allocatable: { ...left, ...change } };
    store().update('nodes', { ...node(), status: { ...status, ...more } }, 'status');
  }

  it('leaves the Node, and those of others stay', async () => {
    const keeper = await start();
    keeper.setCapacity(offered);
    await eventually(() => lists().every((list) => list[gpu] === '4'));
    patchLists({ 'example.com/dongle': '1' });
    await quiet(keeper);
    keeper.setCapacity(capacity);
    await eventually(() => lists().every((list) => !(gpu in list)));
    expect(lists()).toMatchObject([{ cpu: '4000m', 'example.com/dongle': '1' }, { pods: '10' }]);
  });

  it('leaves the Node also when an earlier process offered it', async () => {
    store().create('nodes', { metadata: { name: 'burst-0' } });
    patchLists({ [gpu]: '4' });
    await start();
    expect(lists().map((list) => Object.keys(list).sort())).toEqual(
      Array(2).fill(['cpu', 'ephemeral-storage', 'memory', 'pods']),
    );
  });
});

describe('trouble with the provider', () => {
  it('is a condition and a taint, never NotReady, and both go with it', async () => {
    const keeper = await start();
    await quiet(keeper);
    const foreign = { key: 'team', value: 'a', effect: 'NoSchedule' };
    store().update('nodes', {
      ...node(),
      spec: { ...node().spec, taints: [...(node().spec?.taints ?? []), foreign] },
    });
    keeper.setTrouble(trouble);
    keeper.setTrouble({ ...trouble });
    await eventually(() => taints().length === 3);
    expect(taints()).toEqual(['virtual-kubelet.io/provider', 'team', 'burstlet.dev/provider-unavailable']);
    expect(condition('ProviderAvailable')).toMatchObject({ status: 'False', ...trouble });
    expect(condition('Ready')?.status).toBe('True');
    await quiet(keeper);
    await written(...registration, 'patch nodes/status', 'patch nodes');
    keeper.setTrouble(undefined);
    await eventually(() => taints().length === 2);
    expect(taints()).toEqual(['virtual-kubelet.io/provider', 'team']);
    expect(condition('ProviderAvailable')?.status).toBe('True');
    await quiet(keeper);
    await written(...registration, ...Array(2).fill(['patch nodes/status', 'patch nodes']).flat());
    expect(warnings).toEqual([]);
  });

  it('that an earlier process left behind as a taint is cleared', async () => {
    const left = { key: 'burstlet.dev/provider-unavailable', effect: 'NoSchedule' };
    store().create('nodes', { metadata: { name: 'burst-0' }, spec: { taints: [left] } });
    await start();
    await eventually(() => taints().length === 0);
  });

  it('shows as the condition alone where taints may not be changed, and that is said once', async () => {
    const { client } = api;
    let refused = 0;
    const restricted = meddled(client, {
      async patch(resource, key, body, options) {
        if (!JSON.stringify(body).includes('"taints"')) return client.patch(resource, key, body, options);
        refused++;
        const message = 'is not allowed to modify taints';
        throw new StatusError({ call: 'patch nodes', code: 403, reason: 'Forbidden', message });
      },
    });
    const keeper = await start(restricted);
    keeper.setTrouble(trouble);
    await eventually(() => condition('ProviderAvailable')?.status === 'False' && refused === 1);
    keeper.setTrouble(undefined);
    await eventually(() => condition('ProviderAvailable')?.status === 'True');
    await quiet(keeper);
    expect(refused).toBe(1);
    expect(warnings).toHaveLength(1);
  });
});

it('tries again when the API server refuses, with growing pauses', async () => {
  const { client } = api;
  let failures = 4;
  let tries = 0;
  const flaky = meddled(client, {
    async create(resource, object, options) {
      tries++;
      if (failures-- > 0)
        throw new StatusError({ call: 'create nodes', code: 500, reason: 'InternalError', message: 'etcd' });
      return client.create(resource, object, options);
    },
  });
  const starting = start(flaky);
  for (const [index, waitMs] of [100, 200, 400, 800].entries()) {
    await eventually(() => tries === index + 1);
    await clock.advance(waitMs - 1);
    expect(tries).toBe(index + 1);
    await clock.advance(1);
  }
  await starting;
  expect(tries).toBe(5);
});
