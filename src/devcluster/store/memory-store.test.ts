import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../telemetry/fake-clock.ts';
import { type Log, silentLog } from '../../telemetry/log.ts';
import { ApiError } from './api-error.ts';
import { MemoryStore } from './memory-store.ts';
import type { DeleteRequest, StoredObject, StoreEvent } from './store.ts';

function newStore(historySize = 1024, log: Log = silentLog) {
  const clock = new FakeClock();
  const store = new MemoryStore({ clock, log, random: () => 0.5, historySize });
  store.create('namespaces', { metadata: { name: 'default' } });
  return { store, clock };
}

function pod(name: string, spec: object = {}, metadata: object = {}) {
  return {
    metadata: { name, namespace: 'default', ...metadata },
    spec: { containers: [{ name: 'c', image: 'busybox:1' }], ...spec },
  };
}

function configMap(name: string, metadata: object = {}) {
  return { metadata: { name, namespace: 'default', ...metadata }, data: { a: '1' } };
}

function failure(action: () => unknown): { code: number; message: string } {
  try {
    action();
  } catch (error) {
    if (error instanceof ApiError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('nothing was thrown');
}

function follow(store: MemoryStore, resource: string) {
  const seen: string[] = [];
  store.subscribe(resource, ({ type, object }) => {
    seen.push(`${type} ${object.metadata.name} ${object.metadata.resourceVersion}`);
  });
  return seen;
}

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
}

describe('writing', () => {
  it('stamps new objects and counts one version for all resources', () => {
    const { store } = newStore();
    const first = store.create('configmaps', configMap('a'));
    const second = store.create('pods', pod('b'));
    expect(first.metadata.uid).not.toBe(second.metadata.uid);
    expect(first.metadata.creationTimestamp).toBe('2026-01-01T00:00:00Z');
    expect(Number(second.metadata.resourceVersion)).toBe(Number(first.metadata.resourceVersion) + 1);
    expect(second.metadata.generation).toBe(1);
    expect(first.metadata.generation).toBeUndefined();
  });

  it('makes names of generateName', () => {
    const { store } = newStore();
    const made = store.create('configmaps', { metadata: { namespace: 'default', generateName: 'web-' } });
    expect(made.metadata.name).toMatch(/^web-[a-z0-9]{5}$/);
  });

  it.each([
    ['a name that is taken', 409, 'configmaps "a" already exists', configMap('a')],
    ['a namespace that is not there', 404, 'namespaces "no" not found', configMap('b', { namespace: 'no' })],
    [
      'a version',
      400,
      'resourceVersion should not be set on objects to be created',
      configMap('b', { resourceVersion: '7' }),
    ],
    [
      'no name',
      422,
      'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
      configMap(''),
    ],
  ])('refuses to create with %s', (_what, code, message, object) => {
    const { store } = newStore();
    store.create('configmaps', configMap('a'));
    expect(failure(() => store.create('configmaps', object))).toEqual({ code, message });
  });

  it('refuses an update of another version or another UID', () => {
    const { store } = newStore();
    const made = store.create('configmaps', configMap('a'));
    store.update('configmaps', { ...made, data: { a: '2' } });
    const why = 'the object has been modified; please apply your changes to the latest version and try again';
    expect(failure(() => store.update('configmaps', made))).toEqual({
      code: 409,
      message: `Operation cannot be fulfilled on configmaps "a": ${why}`,
    });
    const other = failure(() => store.update('configmaps', configMap('a', { uid: 'x' })));
    expect(other.code).toBe(409);
    expect(other.message).toContain('Precondition failed: UID in precondition: x');
    expect(failure(() => store.update('configmaps', configMap('b')))).toEqual({
      code: 404,
      message: 'configmaps "b" not found',
    });
  });

  it("leaves to the server what is the server's", () => {
    const { store } = newStore();
    const { metadata } = store.create('pods', pod('a', { nodeName: 'n' }));
    const { object } = store.delete('pods', 'default', 'a');
    const mine = {
      uid: metadata.uid,
      generation: 9,
      creationTimestamp: '',
      deletionGracePeriodSeconds: 0,
      labels: { a: 'b' },
    };
    const next = store.update('pods', { ...object, metadata: { name: 'a', namespace: 'default', ...mine } });
    const { labels, resourceVersion: _version, ...rest } = next.metadata;
    const { resourceVersion: _old, ...before } = object.metadata;
    expect(labels).toEqual({ a: 'b' });
    expect(rest).toEqual(before);
  });

  it('writes nothing when nothing changes', () => {
    const { store } = newStore();
    const made = store.create('pods', pod('a'));
    const seen = follow(store, 'pods');
    expect(store.update('pods', made)).toBe(made);
    expect(seen).toEqual([]);
  });

  it('keeps spec and status apart and counts generations', () => {
    const { store } = newStore();
    const made = store.create('pods', pod('a'));
    const both = { ...made, spec: { ...made.spec, activeDeadlineSeconds: 5 }, status: { phase: 'Running' } };
    const afterStatus = store.update('pods', both, 'status');
    expect(afterStatus.spec).toBe(made.spec);
    expect(afterStatus.status).toMatchObject({ phase: 'Running', qosClass: 'BestEffort' });
    expect(afterStatus.metadata.generation).toBe(1);
    const { resourceVersion: _old, ...metadata } = made.metadata;
    const afterSpec = store.update('pods', { ...both, metadata, status: { phase: 'Failed' } });
    expect(afterSpec.spec).toMatchObject({ activeDeadlineSeconds: 5 });
    expect(afterSpec.status).toMatchObject({ phase: 'Running' });
    expect(afterSpec.metadata.generation).toBe(2);
  });

  it('commits nothing in a dry run', () => {
    const { store } = newStore();
    const made = store.create('pods', pod('a'), { dryRun: true });
    expect(made.metadata.uid).not.toBe('');
    expect(made.metadata.resourceVersion).toBeUndefined();
    expect(store.get('pods', 'default', 'a')).toBeUndefined();
    store.create('pods', pod('a'));
    store.delete('pods', 'default', 'a', {}, { dryRun: true });
    expect(store.get('pods', 'default', 'a')).toBeDefined();
  });

  it('never changes an object that it has handed out', () => {
    const { store } = newStore();
    for (const resource of ['pods', 'services', 'deployments.apps']) {
      store.subscribe(resource, ({ object, previous }) => {
        deepFreeze(object);
        deepFreeze(previous);
      });
    }
    const template = { metadata: { labels: { a: 'b' } }, spec: pod('x').spec };
    store.create('pods', pod('a', { nodeName: 'n' }, { finalizers: ['x/y'] }));
    store.create('services', {
      metadata: { name: 's', namespace: 'default' },
      spec: { ports: [{ port: 80 }] },
    });
    store.create('deployments.apps', {
      metadata: { name: 'd', namespace: 'default' },
      spec: { selector: { matchLabels: { a: 'b' } }, template },
    });
    for (const [resource, name] of [
      ['pods', 'a'],
      ['services', 's'],
      ['deployments.apps', 'd'],
    ] as const) {
      const live = store.get(resource, 'default', name);
      if (live === undefined) throw new Error(`${name} is gone`);
      store.update(resource, { ...live, metadata: { ...live.metadata, labels: { x: 'y' } } });
      const next = store.get(resource, 'default', name);
      store.replace(resource, { ...next, status: { x: 1 } }, { subresource: 'status' });
    }
    store.delete('pods', 'default', 'a');
    store.delete('pods', 'default', 'a', { gracePeriodSeconds: 0 });
    expect(store.get('pods', 'default', 'a')?.metadata.deletionGracePeriodSeconds).toBe(0);
  });
});

describe('deleting Pods', () => {
  const bound = { nodeName: 'n' };

  it.each<[string, object, DeleteRequest, number | 'gone']>([
    ['an unbound Pod at once', {}, {}, 'gone'],
    ['a bound Pod after its own period', bound, {}, 30],
    ['a bound Pod after the period asked for', bound, { gracePeriodSeconds: 5 }, 5],
    ['a bound Pod at once when asked to', bound, { gracePeriodSeconds: 0 }, 'gone'],
    ['with a negative period after a second', bound, { gracePeriodSeconds: -3 }, 1],
    ['after the period of the spec', { ...bound, terminationGracePeriodSeconds: 7 }, {}, 7],
  ])('removes %s', (_what, spec, request, outcome) => {
    const { store, clock } = newStore();
    store.create('pods', pod('a', spec));
    const { object, gone } = store.delete('pods', 'default', 'a', request);
    expect(gone).toBe(outcome === 'gone');
    expect(store.get('pods', 'default', 'a') === undefined).toBe(gone);
    if (outcome === 'gone') return;
    expect(object.metadata.deletionGracePeriodSeconds).toBe(outcome);
    expect(Date.parse(object.metadata.deletionTimestamp ?? '')).toBe(clock.now() + outcome * 1000);
    expect(object.metadata.generation).toBe(2);
  });

  it('removes an ended Pod at once', () => {
    const { store } = newStore();
    const made = store.create('pods', pod('a', bound));
    store.update('pods', { ...made, status: { phase: 'Succeeded' } }, 'status');
    expect(store.delete('pods', 'default', 'a').gone).toBe(true);
  });

  it('lets later requests only shorten the period', async () => {
    const { store, clock } = newStore();
    store.create('pods', pod('a', bound));
    const first = store.delete('pods', 'default', 'a', { gracePeriodSeconds: 20 }).object;
    await clock.advance(5_000);
    expect(store.delete('pods', 'default', 'a', { gracePeriodSeconds: 25 }).object).toBe(first);
    expect(store.delete('pods', 'default', 'a').object).toBe(first);
    const shorter = store.delete('pods', 'default', 'a', { gracePeriodSeconds: 10 }).object;
    expect(shorter.metadata.deletionTimestamp).toBe('2026-01-01T00:00:10Z');
    expect(shorter.metadata.generation).toBe(2);
    expect(store.delete('pods', 'default', 'a', { gracePeriodSeconds: 0 }).gone).toBe(true);
  });

  it('shows watchers the marked Pod before the last event', () => {
    const { store } = newStore();
    store.create('pods', pod('a', bound));
    const events: StoreEvent[] = [];
    store.subscribe('pods', (event) => events.push(event));
    store.delete('pods', 'default', 'a', { gracePeriodSeconds: 0 });
    expect(events.map(({ type }) => type)).toEqual(['MODIFIED', 'DELETED']);
    expect(events[1]?.object.metadata.deletionTimestamp).toBeDefined();
    expect(Number(events[1]?.object.metadata.resourceVersion)).toBe(store.version);
  });

  it('holds to the preconditions', () => {
    const { store } = newStore();
    const made = store.create('pods', pod('a', bound));
    const wrong = failure(() => store.delete('pods', 'default', 'a', { uid: 'other' }));
    expect(wrong.code).toBe(409);
    expect(wrong.message).toContain(
      `the UID in the precondition (other) does not match the UID in record (${made.metadata.uid})`,
    );
    expect(failure(() => store.delete('pods', 'default', 'a', { resourceVersion: '1' })).code).toBe(409);
    expect(store.get('pods', 'default', 'a')).toBe(made);
    expect(store.delete('pods', 'default', 'a', { uid: made.metadata.uid, gracePeriodSeconds: 0 }).gone).toBe(
      true,
    );
  });
});

describe('finalizers', () => {
  it('keep an object until the last one is gone', () => {
    const { store } = newStore();
    store.create('configmaps', configMap('a', { finalizers: ['x/one', 'x/two'] }));
    const marked = store.delete('configmaps', 'default', 'a').object;
    expect(marked.metadata).toMatchObject({
      deletionGracePeriodSeconds: 0,
      deletionTimestamp: '2026-01-01T00:00:00Z',
    });
    const { resourceVersion: _old, ...metadata } = marked.metadata;
    const added = { ...marked, metadata: { ...metadata, finalizers: ['x/one', 'x/three'] } };
    expect(failure(() => store.update('configmaps', added)).message).toContain(
      'no new finalizers can be added',
    );
    store.update('configmaps', { ...marked, metadata: { ...metadata, finalizers: ['x/one'] } });
    expect(store.get('configmaps', 'default', 'a')).toBeDefined();
    store.update('configmaps', { ...marked, metadata: { ...metadata, finalizers: [] } });
    expect(store.get('configmaps', 'default', 'a')).toBeUndefined();
  });

  it('hold a Pod beyond its grace period, not short of it', () => {
    const { store } = newStore();
    store.create('pods', pod('a', { nodeName: 'n' }, { finalizers: ['x/y'] }));
    const marked = store.delete('pods', 'default', 'a').object;
    const { resourceVersion: _old, ...metadata } = marked.metadata;
    store.update('pods', { ...marked, metadata: { ...metadata, finalizers: [] } });
    expect(store.get('pods', 'default', 'a')).toBeDefined();
    expect(store.delete('pods', 'default', 'a', { gracePeriodSeconds: 0 }).gone).toBe(true);
  });

  it.each([
    ['Foreground', ['foregroundDeletion']],
    ['Orphan', ['orphan']],
    ['Background', undefined],
  ] as const)('say what %s deletion has to do first', (propagationPolicy, finalizers) => {
    const { store } = newStore();
    store.create('configmaps', configMap('a'));
    const { object, gone } = store.delete('configmaps', 'default', 'a', { propagationPolicy });
    expect(gone).toBe(finalizers === undefined);
    expect(object.metadata.finalizers).toEqual(finalizers);
  });
});

describe('namespaces', () => {
  it('are terminating until whoever empties them says so, and take nothing new meanwhile', () => {
    const { store } = newStore();
    const made = store.create('namespaces', { metadata: { name: 'x' } });
    expect(made).toMatchObject({ spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } });
    store.update('namespaces', { ...made, spec: {} });
    expect(store.get('namespaces', undefined, 'x')?.spec).toEqual({ finalizers: ['kubernetes'] });
    const marked = store.delete('namespaces', undefined, 'x').object;
    expect(marked.status).toEqual({ phase: 'Terminating' });
    const refused = failure(() => store.create('configmaps', configMap('a', { namespace: 'x' })));
    expect(refused).toEqual({
      code: 403,
      message:
        'configmaps "a" is forbidden: unable to create new content in namespace x because it is being terminated',
    });
    store.update('namespaces', { ...marked, spec: { finalizers: [] } });
    expect(store.get('namespaces', undefined, 'x')).toBeUndefined();
  });

  it('that the cluster needs stay', () => {
    const { store } = newStore();
    expect(failure(() => store.delete('namespaces', undefined, 'default')).code).toBe(403);
  });
});

describe('telling of changes', () => {
  it('keeps the order, also of changes that listeners make', () => {
    const { store } = newStore();
    store.subscribe('configmaps', ({ object }) => {
      if (object.metadata.name === 'a') store.create('configmaps', configMap('b'));
    });
    const seen = follow(store, 'configmaps');
    store.create('configmaps', configMap('a'));
    expect(seen).toEqual(['ADDED a 3', 'ADDED b 4']);
  });

  it('tells nobody of a change from before he listened', () => {
    const { store } = newStore();
    const late: string[] = [];
    store.subscribe('configmaps', ({ object }) => {
      if (object.metadata.name !== 'a') return;
      store.create('configmaps', configMap('b'));
      // Both changes are made already, and not yet told to all.
      store.subscribe('configmaps', (event) => late.push(event.object.metadata.name));
    });
    store.create('configmaps', configMap('a'));
    store.create('configmaps', configMap('c'));
    expect(late).toEqual(['c']);
  });

  it('goes on when a listener throws', () => {
    const errors: string[] = [];
    const log: Log = { ...silentLog, error: (_fields, message) => errors.push(message) };
    const { store } = newStore(1024, log);
    store.subscribe('configmaps', () => {
      throw new Error('oops');
    });
    const seen = follow(store, 'configmaps');
    store.create('configmaps', configMap('a'));
    expect(seen).toHaveLength(1);
    expect(errors).toEqual(['a store listener threw']);
  });

  it('resumes after a version, or says that it is too late', () => {
    const { store } = newStore(4);
    const first = store.create('configmaps', configMap('a'));
    for (let i = 0; i < 3; i++) store.update('configmaps', { ...configMap('a'), data: { i: String(i) } });
    const seen: string[] = [];
    const stop = store.watch('configmaps', Number(first.metadata.resourceVersion), ({ object }) => {
      seen.push(object.metadata.resourceVersion);
    });
    store.create('pods', pod('p'));
    store.delete('configmaps', 'default', 'a');
    stop();
    store.create('configmaps', configMap('b'));
    expect(seen).toEqual(['4', '5', '6', '8']);
    for (let i = 0; i < 8; i++) store.create('configmaps', configMap(`c${i}`));
    expect(failure(() => store.watch('configmaps', 3, () => {}))).toEqual({
      code: 410,
      message: `too old resource version: 3 (${store.version})`,
    });
    // A client of an earlier life of this server knows versions that have not been yet.
    expect(failure(() => store.watch('configmaps', 999, () => {})).code).toBe(410);
  });

  it('shows what was at an earlier version', () => {
    const { store } = newStore();
    store.create('configmaps', configMap('b'));
    const old = store.create('configmaps', configMap('a'));
    const at = store.version;
    store.update('configmaps', { ...configMap('a'), data: {} });
    store.delete('configmaps', 'default', 'b');
    store.create('configmaps', configMap('c'));
    const names = (version?: number) =>
      store
        .snapshot('configmaps', version)
        .map(([, one]: readonly [string, Readonly<StoredObject>]) => one.metadata.name);
    expect(names()).toEqual(['a', 'c']);
    expect(names(at)).toEqual(['a', 'b']);
    expect(store.snapshot('configmaps', at)[0]?.[1]).toBe(old);
  });
});
