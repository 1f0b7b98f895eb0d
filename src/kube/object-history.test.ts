import { describe, expect, it } from 'vitest';
import { ObjectHistory } from './object-history.ts';
import type { Pod } from './types.ts';

function pod(name: string, uid: string, version: number | string): Pod {
  return { kind: 'Pod', metadata: { namespace: 'd', name, uid, resourceVersion: String(version) } };
}

/** `added u1@5` */
function told(events: ReturnType<ObjectHistory<Pod>['put']>): string[] {
  return events.map(
    ({ type, object }) => `${type} ${object.metadata?.uid}@${object.metadata?.resourceVersion}`,
  );
}

function started(...items: Pod[]): ObjectHistory<Pod> {
  const history = new ObjectHistory<Pod>({ node: (object) => [object.spec?.nodeName ?? ''] });
  history.replace(items);
  return history;
}

describe('a list', () => {
  it('is told as the difference to what was known', () => {
    const history = started(
      pod('same', 'u1', 1),
      pod('changed', 'u2', 2),
      pod('gone', 'u3', 3),
      pod('again', 'u4', 4),
    );
    const kept = history.cache.get('d/same');
    const events = history.replace([
      pod('same', 'u1', 1),
      pod('changed', 'u2', 9),
      pod('again', 'u5', 8),
      pod('new', 'u6', 7),
    ]);
    expect(told(events)).toEqual([
      'deleted u3@3',
      'deleted u4@4',
      'updated u2@9',
      'added u5@8',
      'added u6@7',
    ]);
    expect(history.cache.get('d/same')).toBe(kept);
    expect(history.cache.getByUid('u4')).toBeUndefined();
    expect(history.cache.getByUid('u5')?.metadata?.name).toBe('again');
    expect(history.cache.size).toBe(4);
  });

  it('changes nothing when one item is no object', () => {
    const history = started(pod('a', 'u1', 1));
    expect(() => history.replace([{ kind: 'Pod', metadata: { name: 'x' } }])).toThrow(
      'Pod x has no name, uid',
    );
    expect(history.cache.size).toBe(1);
  });

  it('tells an object once that two pages hold', () => {
    expect(told(started().replace([pod('a', 'u1', 1), pod('a', 'u1', 1)]))).toEqual(['added u1@1']);
  });
});

describe('single events', () => {
  it('drops what is not newer', () => {
    const history = started(pod('a', 'u1', 5));
    expect(told(history.put(pod('a', 'u1', 5)))).toEqual([]);
    expect(told(history.put(pod('a', 'u1', 4)))).toEqual([]);
    expect(told(history.remove(pod('a', 'u1', 4)))).toEqual([]);
    expect(told(history.put(pod('a', 'u1', 10)))).toEqual(['updated u1@10']);
  });

  it('tells the last state with a deletion', () => {
    const history = started(pod('a', 'u1', 5));
    expect(told(history.remove(pod('a', 'u1', 7)))).toEqual(['deleted u1@7']);
    expect(history.cache.size).toBe(0);
  });

  it('does not bring back the dead on a late event, but knows the next of that name', () => {
    const history = started(pod('a', 'u1', 5));
    history.remove(pod('a', 'u1', 7));
    expect(told(history.put(pod('a', 'u1', 6)))).toEqual([]);
    expect(told(history.remove(pod('a', 'u1', 7)))).toEqual([]);
    expect(told(history.put(pod('a', 'u2', 8)))).toEqual(['added u2@8']);
    expect(told(history.put(pod('a', 'u1', 6)))).toEqual([]);
  });

  it('takes another UID under the name for a deletion and an addition', () => {
    const history = started(pod('a', 'u1', 5));
    expect(told(history.put(pod('a', 'u2', 9)))).toEqual(['deleted u1@5', 'added u2@9']);
    expect(told(history.remove(pod('a', 'u1', 8)))).toEqual([]);
    expect(history.cache.getByUid('u1')).toBeUndefined();
  });

  it('takes the deletion of a later holder of the name for its own', () => {
    const history = started(pod('a', 'u1', 5));
    expect(told(history.remove(pod('a', 'u2', 9)))).toEqual(['deleted u1@5']);
    expect(told(history.put(pod('a', 'u2', 8)))).toEqual([]);
  });

  it('lets an object come back that had left the selection', () => {
    const history = started(pod('a', 'u1', 5));
    history.remove(pod('a', 'u1', 7));
    expect(told(history.put(pod('a', 'u1', 8)))).toEqual(['added u1@8']);
  });

  it('believes events with opaque versions, except exact repetitions', () => {
    const history = started(pod('a', 'u1', 'x9'));
    expect(told(history.put(pod('a', 'u1', 'x9')))).toEqual([]);
    expect(told(history.put(pod('a', 'u1', 'x1')))).toEqual(['updated u1@x1']);
    expect(told(history.remove(pod('a', 'u1', 'x1')))).toEqual(['deleted u1@x1']);
  });

  it('remembers a bounded number of deletions', () => {
    const history = started();
    for (let n = 0; n < 3_000; n++) history.remove(pod(`p${n}`, `u${n}`, 100 + n));
    expect(told(history.put(pod('p2999', 'u2999', 50)))).toEqual([]);
    expect(told(history.put(pod('p0', 'u0', 50)))).toEqual(['added u0@50']);
  });
});

it('keeps indexes equal to the objects', () => {
  const on = (object: Pod, nodeName: string): Pod => ({ ...object, spec: { nodeName, containers: [] } });
  const history = started(on(pod('a', 'u1', 1), 'n1'), on(pod('b', 'u2', 2), 'n1'));
  const names = (node: string) => history.cache.byIndex('node', node).map((object) => object.metadata?.name);
  expect(names('n1')).toEqual(['a', 'b']);
  history.put(on(pod('a', 'u1', 3), 'n2'));
  history.remove(pod('b', 'u2', 4));
  expect(names('n1')).toEqual([]);
  expect(names('n2')).toEqual(['a']);
  expect(() => history.cache.byIndex('zone', 'z')).toThrow('no index "zone"; it has: node');
});
