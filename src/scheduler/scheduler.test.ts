import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../test/support/eventually.ts';
import { meddled } from '../../test/support/meddled.ts';
import { startTestApi, type TestApi } from '../../test/support/test-api.ts';
import type { Selection } from '../kube/client.ts';
import { ConnectionError, StatusError } from '../kube/errors.ts';
import { createEventRecorder } from '../kube/events.ts';
import type { Node, Pod, PodSpec } from '../kube/types.ts';
import { systemClock as clock } from '../telemetry/clock.ts';
import { silentLog as log } from '../telemetry/log.ts';
import { Scheduler } from './scheduler.ts';

let api: TestApi;
let stop: () => Promise<void> = async () => {};

beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

afterEach(async () => {
  await stop();
  const { store } = api.cluster;
  for (const { metadata } of store.list('pods'))
    store.delete('pods', metadata.namespace, metadata.name, { gracePeriodSeconds: 0 });
  for (const { metadata } of store.list('nodes')) store.delete('nodes', undefined, metadata.name);
  for (const { metadata } of store.list('events')) store.delete('events', metadata.namespace, metadata.name);
});

interface Between {
  readonly bind?: (bind: () => Promise<unknown>, node: string, pod: string) => Promise<unknown>;
  readonly patch?: (patch: () => Promise<unknown>) => Promise<unknown>;
  readonly selection?: Selection;
}

/** Starts the scheduler; what is given comes between it and the API server. */
function start({ bind = (call) => call(), patch = (call) => call(), ...deps }: Between = {}): Scheduler {
  const { client } = api;
  const between = meddled(client, {
    async patch(resource, key, body, options) {
      await patch(() => client.patch(resource, key, body, options));
      return {} as never;
    },
    async create(resource, object, options) {
      const create = () => client.create(resource, object, options);
      if (options?.subresource !== 'binding') return create();
      const target: unknown = 'target' in object ? object.target : undefined;
      await bind(create, (target as { name: string }).name, object.metadata?.name ?? '');
      return object;
    },
  });
  const events = createEventRecorder({ client, clock, log, component: 'burstlet', host: 'test' });
  const random = () => 0;
  const ending = new AbortController();
  const scheduler = new Scheduler({
    ...{ clock, random, log, client: between, events },
    mine: (name) => name === 'burstlet',
    nodeSelector: 'type=virtual-kubelet',
    ...deps,
  });
  api.calls.length = 0;
  const ended = scheduler.run(ending.signal);
  stop = async () => {
    ending.abort();
    await ended;
    await events.flush(AbortSignal.timeout(5_000));
  };
  return scheduler;
}

function node(name: string, cpu: string, spec: Node['spec'] = {}): void {
  const allocatable = { cpu, memory: '64Gi', pods: '110' };
  const metadata = { name, labels: { type: 'virtual-kubelet' } };
  api.cluster.store.create('nodes', { metadata, spec, status: { allocatable } });
}

function pod(
  name: string,
  cpu = '1',
  spec: Partial<PodSpec> & { readonly [field: string]: unknown } = {},
): string {
  const containers = [{ name: 'main', image: 'i', resources: { requests: { cpu } } }];
  const object = {
    metadata: { name, namespace: 'default' },
    spec: { schedulerName: 'burstlet', containers, ...spec },
  };
  return api.cluster.store.create('pods', object).metadata.uid;
}

function read(name: string): Pod {
  const found = api.cluster.store.get('pods', 'default', name);
  if (found === undefined) throw new Error(`no Pod ${name}`);
  return found as unknown as Pod;
}

const nodeOf = (name: string): string | undefined => read(name).spec?.nodeName;
const bound = (name: string) => eventually(() => nodeOf(name));
const condition = (name: string) =>
  read(name).status?.conditions?.find(({ type }) => type === 'PodScheduled');
const stuck = (name: string, message: string) => eventually(() => condition(name)?.message === message);
const bindings = () => api.calls.filter((call) => call === 'create pods/binding').length;
const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `p-${index}`);

function remove(name: string): void {
  api.cluster.store.delete('pods', 'default', name, { gracePeriodSeconds: 0 });
}

/** Of the Pods that are bound. */
function cpuOn(name: string): number {
  const pods = api.cluster.store.list('pods') as unknown as Pod[];
  return pods
    .filter(({ spec }) => spec?.nodeName === name)
    .reduce((sum, { spec }) => sum + Number(spec?.containers[0]?.resources?.requests?.cpu), 0);
}

const noCpu = '0/1 nodes are available: 1 Insufficient cpu.';

describe('the scheduler', () => {
  it('binds each Pod with one write, those that wait and those that come', async () => {
    node('a', '64');
    pod('early');
    start();
    await bound('early');
    for (const name of names(40)) pod(name);
    await Promise.all(names(40).map(bound));
    await eventually(() => bindings() === 41);
    expect(api.writes()).toHaveLength(41);
    expect(condition('p-7')).toMatchObject({ status: 'True' });
  });

  it('leaves the Pods of others alone', async () => {
    node('a', '64');
    pod('theirs', '1', { schedulerName: 'default-scheduler' });
    start();
    pod('ours');
    await bound('ours');
    expect(nodeOf('theirs')).toBeUndefined();
  });

  it('gives no room twice, with many bindings in flight', async () => {
    node('a', '10');
    node('b', '7');
    for (const name of names(30)) pod(name);
    start();
    await eventually(() => names(30).filter((name) => condition(name)?.status === 'False').length === 13);
    expect([cpuOn('a'), cpuOn('b')]).toEqual([10, 7]);
    await eventually(() => bindings() === 17);
  });

  it('beside another scheduler watches its own Pods only, and is told what else takes room', async () => {
    node('a', '4');
    const theirs = pod('theirs', '3', { schedulerName: 'default-scheduler', nodeName: 'a' });
    pod('waits', '1', { schedulerName: 'default-scheduler' });
    const scheduler = start({ selection: { fieldSelector: 'spec.schedulerName=burstlet' } });
    scheduler.note(read('theirs'), false);
    pod('ours', '2');
    await stuck('ours', noCpu);
    remove('theirs');
    scheduler.note({ metadata: { uid: theirs }, spec: { nodeName: 'a', containers: [] } }, true);
    await bound('ours');
    expect(nodeOf('waits')).toBeUndefined();
  });

  it('takes the highest priority first, then the oldest', async () => {
    const { store } = api.cluster;
    for (const [name, value] of Object.entries({ high: 10, low: -10 }))
      store.create('priorityclasses.scheduling.k8s.io', { metadata: { name }, value });
    pod('low', '1', { priorityClassName: 'low' });
    for (const name of names(3)) pod(name);
    pod('high', '1', { priorityClassName: 'high' });
    const order: string[] = [];
    node('a', '5');
    start({
      bind: (bind, _, name) => {
        order.push(name);
        return bind();
      },
    });
    await Promise.all(['low', 'high', ...names(3)].map(bound));
    expect(order).toEqual(['high', 'p-0', 'p-1', 'p-2', 'low']);
  });

  it('respects scheduling gates, and takes the Pod when the last is gone', async () => {
    node('a', '64');
    pod('gated', '1', { schedulingGates: [{ name: 'one' }, { name: 'two' }] });
    start();
    const gates = (...left: string[]) => {
      const { spec, ...rest } = read('gated');
      const schedulingGates = left.map((name) => ({ name }));
      api.cluster.store.update('pods', { ...rest, spec: { ...spec, schedulingGates } });
    };
    gates('two');
    pod('free');
    await bound('free');
    expect(nodeOf('gated')).toBeUndefined();
    expect(condition('gated')).toMatchObject({ reason: 'SchedulingGated' });
    gates();
    await bound('gated');
  });
});

describe('a Pod for which there is no room', () => {
  it('is told why, once per message', async () => {
    node('a', '1');
    start();
    pod('big', '2');
    await stuck('big', noCpu);
    expect(condition('big')).toMatchObject({ status: 'False', reason: 'Unschedulable' });
    // Looked at again for every change of a node, with the same outcome.
    for (let n = 0; n < 3; n++) {
      const { metadata, ...rest } = api.cluster.store.get('nodes', undefined, 'a') ?? {
        metadata: { name: 'a' },
      };
      const labels = { type: 'virtual-kubelet', n: String(n) };
      api.cluster.store.update('nodes', { ...rest, metadata: { ...metadata, labels } });
    }
    node('b', '1', { unschedulable: true });
    await stuck('big', '0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable.');
    const told = await eventually(() => {
      const events = api.cluster.store.list('events').filter(({ reason }) => reason === 'FailedScheduling');
      return events.length === 2 ? events : undefined;
    });
    expect(told.map(({ type, count, message }) => ({ type, count, message }))).toEqual([
      { type: 'Warning', count: 1, message: noCpu },
      {
        type: 'Warning',
        count: 1,
        message: '0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable.',
      },
    ]);
    await eventually(() => api.writes().filter((call) => call === 'patch pods/status').length === 2);
  });

  it('is not told again by the next scheduler', async () => {
    node('a', '1');
    start();
    pod('big', '2');
    await stuck('big', noCpu);
    await stop();
    start();
    pod('small');
    await bound('small');
    expect(api.writes()).not.toContain('patch pods/status');
  });

  it.each<[string, () => void]>([
    ['room comes free', () => remove('first')],
    ['a node appears', () => node('b', '2')],
    [
      'a Pod ends',
      () => api.cluster.store.update('pods', { ...read('first'), status: { phase: 'Succeeded' } }, 'status'),
    ],
    [
      'the node grows',
      () => {
        const status = { allocatable: { cpu: '4', memory: '64Gi', pods: '110' } };
        api.cluster.store.update(
          'nodes',
          { ...api.cluster.store.get('nodes', undefined, 'a'), status },
          'status',
        );
      },
    ],
  ])('is bound when %s', async (_, relief) => {
    node('a', '2');
    start();
    pod('first', '2');
    await bound('first');
    pod('second', '2');
    await stuck('second', noCpu);
    relief();
    await bound('second');
    await eventually(() => condition('second')?.status === 'True');
  });

  it('is bound when the node is uncordoned', async () => {
    node('a', '2', { unschedulable: true });
    start();
    pod('one');
    await stuck('one', '0/1 nodes are available: 1 node(s) were unschedulable.');
    api.cluster.store.update('nodes', { ...api.cluster.store.get('nodes', undefined, 'a'), spec: {} });
    await bound('one');
  });

  it('is bound when the first node comes', async () => {
    start();
    pod('one');
    await stuck('one', 'no nodes available to schedule pods');
    node('a', '2');
    await bound('one');
  });

  it('makes way when it is deleted', async () => {
    node('a', '2');
    start();
    pod('big', '4');
    await stuck('big', noCpu);
    remove('big');
    pod('small');
    await bound('small');
    await eventually(() => bindings() === 1);
  });
});

describe('a binding', () => {
  it('that fails is repeated', async () => {
    node('a', '2');
    let failures = 3;
    start({
      bind: async (bind) => {
        if (failures-- > 0)
          throw new StatusError({ call: 'bind', code: 500, reason: 'InternalError', message: 'no' });
        return bind();
      },
    });
    pod('one');
    await bound('one');
    expect(failures).toBe(-1);
  });

  it('that was refused goes to another node when the first is gone', async () => {
    node('a', '4');
    const tried: string[] = [];
    start({
      bind: async (bind, target) => {
        tried.push(target);
        if (target !== 'a') return bind();
        api.cluster.store.delete('nodes', undefined, 'a');
        node('b', '2');
        throw new StatusError({ call: 'bind', code: 403, reason: 'Forbidden', message: 'not there' });
      },
    });
    pod('one');
    expect(await bound('one')).toBe('b');
    expect(tried).toEqual(['a', 'b']);
  });

  it('whose answer is lost keeps its room, and is not made on another node', async () => {
    node('a', '2');
    const answers: string[] = [];
    let lost = true;
    start({
      bind: async (bind, target) => {
        answers.push(target);
        if (!lost) return bind();
        lost = false;
        await bind();
        pod('second', '2');
        throw new ConnectionError({
          kind: 'broken',
          call: 'bind',
          server: '',
          message: 'reset',
          untouched: false,
        });
      },
    });
    pod('first', '2');
    await bound('first');
    await stuck('second', noCpu);
    expect(cpuOn('a')).toBe(2);
    node('b', '2');
    expect(await bound('second')).toBe('b');
    expect(answers).toEqual(['a', 'b']);
  });

  it('that never came about is repeated on the same node while its outcome is not known', async () => {
    node('a', '2');
    const tried: string[] = [];
    start({
      bind: async (bind, target) => {
        tried.push(target);
        if (tried.length > 1) return bind();
        node('b', '100');
        throw new ConnectionError({
          kind: 'timeout',
          call: 'bind',
          server: '',
          message: 'late',
          untouched: false,
        });
      },
    });
    pod('one');
    expect(await bound('one')).toBe('a');
    expect(tried).toEqual(['a', 'a']);
  });

  it('of a Pod that is deleted meanwhile gives its room back', async () => {
    node('a', '2');
    start({
      bind: async (bind) => {
        if (api.cluster.store.get('pods', 'default', 'first') === undefined) return bind();
        remove('first');
        return bind();
      },
    });
    pod('first', '2');
    await eventually(() => bindings() === 1);
    pod('second', '2');
    await bound('second');
  });

  it('waits for a condition that is being written, which would otherwise have the last word', async () => {
    const writing = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    let first = true;
    start({
      patch: async (patch) => {
        const hold = first;
        first = false;
        writing.resolve();
        if (hold) await held.promise;
        return patch();
      },
    });
    pod('one');
    await writing.promise;
    node('a', '2');
    pod('two');
    await bound('two');
    expect(nodeOf('one')).toBeUndefined();
    held.resolve();
    await bound('one');
    expect(api.writes().indexOf('patch pods/status')).toBeGreaterThan(-1);
    expect(condition('one')).toMatchObject({ status: 'True' });
  });

  it('that another made is respected', async () => {
    node('a', '2');
    node('b', '1');
    start({
      bind: async (bind) => {
        if (nodeOf('one') === undefined)
          await api.client.create(
            { group: '', version: 'v1', kind: 'Binding', plural: 'pods', namespaced: true },
            {
              metadata: { name: 'one', namespace: 'default' },
              target: { kind: 'Node', name: 'b' },
            } as object,
            { name: 'one', subresource: 'binding' },
          );
        return bind();
      },
    });
    pod('one');
    await bound('one');
    pod('two', '2');
    expect(await bound('two')).toBe('a');
    expect(nodeOf('one')).toBe('b');
  });
});

it('binds 500 waiting Pods in a moment', async () => {
  node('a', '1000');
  node('b', '1000');
  for (const { metadata } of api.cluster.store.list('nodes')) {
    const status = { allocatable: { cpu: '1000', memory: '64Gi', pods: '1000' } };
    api.cluster.store.update(
      'nodes',
      { ...api.cluster.store.get('nodes', undefined, metadata.name), status },
      'status',
    );
  }
  for (const name of names(500)) pod(name, '100m');
  start();
  await eventually(() => names(500).every((name) => nodeOf(name) !== undefined), 30);
  await eventually(() => bindings() === 500);
});
