import { describe, expect, it } from 'vitest';
import { objectRule } from '../schema/list-keys.ts';
import type { Json } from '../store/json.ts';
import { mergePatch, strategicMerge } from './strategic-merge.ts';

const names = (...list: string[]) => list.map((name) => ({ name }));

function merge(kind: string, live: Json, patch: Json): Json {
  return strategicMerge(live, patch, objectRule('apps/v1', kind));
}

describe('strategic merge', () => {
  const live = {
    metadata: { labels: { a: '1', b: '2' }, finalizers: ['x', 'y'] },
    spec: {
      containers: [
        { name: 'a', image: 'one', env: names('E', 'F'), args: ['1'] },
        { name: 'b', image: 'two' },
      ],
      tolerations: [{ key: 'k' }],
      nodeSelector: { n: '1' },
      volumes: [
        { name: 'v', emptyDir: {} },
        { name: 'w', emptyDir: {} },
      ],
    },
  };
  const [first, second] = live.spec.containers;
  const spec = (change: object) => ({ ...live, spec: { ...live.spec, ...change } });
  const meta = (change: object) => ({ ...live, metadata: { ...live.metadata, ...change } });

  it.each<[string, Json, Json]>([
    [
      'merges maps',
      { metadata: { labels: { b: '3', c: '4' } } },
      meta({ labels: { a: '1', b: '3', c: '4' } }),
    ],
    ['removes with null', { metadata: { labels: { a: null } } }, meta({ labels: { b: '2' } })],
    [
      'replaces a map on demand',
      { metadata: { labels: { $patch: 'replace', z: '1' } } },
      meta({ labels: { z: '1' } }),
    ],
    [
      'deletes a map on demand',
      { metadata: { labels: { $patch: 'delete' } } },
      { ...live, metadata: { finalizers: ['x', 'y'] } },
    ],
    [
      'merges list items by key',
      { spec: { containers: [{ name: 'b', image: 'new' }] } },
      spec({ containers: [first, { name: 'b', image: 'new' }] }),
    ],
    [
      'puts new items before what only the server has',
      { spec: { containers: [{ name: 'c' }] } },
      spec({ containers: [{ name: 'c' }, first, second] }),
    ],
    [
      'deletes items',
      { spec: { containers: [{ name: 'a', $patch: 'delete' }] } },
      spec({ containers: [second] }),
    ],
    [
      'replaces a list on demand',
      { spec: { containers: [{ $patch: 'replace' }, { name: 'z' }] } },
      spec({ containers: [{ name: 'z' }] }),
    ],
    [
      'replaces atomic lists',
      { spec: { tolerations: [{ key: 'z' }], containers: [{ name: 'a', args: ['2', '3'] }] } },
      spec({ tolerations: [{ key: 'z' }], containers: [{ ...first, args: ['2', '3'] }, second] }),
    ],
    [
      'adds to lists of primitives',
      { metadata: { finalizers: ['z', 'x'] } },
      meta({ finalizers: ['z', 'x', 'y'] }),
    ],
    [
      'deletes from lists of primitives',
      { metadata: { '$deleteFromPrimitiveList/finalizers': ['x'] } },
      meta({ finalizers: ['y'] }),
    ],
    [
      'orders as told',
      { spec: { '$setElementOrder/containers': names('c', 'b', 'a'), containers: [{ name: 'c' }] } },
      spec({ containers: [{ name: 'c' }, second, first] }),
    ],
    [
      'orders without another change',
      { spec: { '$setElementOrder/containers': names('b', 'a') } },
      spec({ containers: [second, first] }),
    ],
    [
      'keeps what only the server has behind what stood before it',
      { spec: { '$setElementOrder/containers': names('a', 'z'), containers: [{ name: 'z' }] } },
      spec({ containers: [first, { name: 'z' }, second] }),
    ],
    [
      'retains only the keys named',
      { spec: { volumes: [{ name: 'v', hostPath: { path: '/' }, $retainKeys: ['name', 'hostPath'] }] } },
      spec({
        volumes: [
          { name: 'v', hostPath: { path: '/' } },
          { name: 'w', emptyDir: {} },
        ],
      }),
    ],
    [
      'strips directives from what is new',
      { spec: { affinity: { x: { $patch: 'replace', y: 1 }, z: null } } },
      spec({ affinity: { x: { y: 1 } } }),
    ],
  ])('%s', (_what, patch, expected) => {
    const before = structuredClone(live);
    expect(merge('Pod', live, patch)).toEqual(expected);
    expect(live).toEqual(before);
  });

  it('goes by the field, not by its name alone', () => {
    const deployment = {
      spec: { template: { spec: { containers: [{ name: 'a', ports: [{ containerPort: 1 }] }] } } },
    };
    const patch = {
      spec: { template: { spec: { containers: [{ name: 'a', ports: [{ containerPort: 2 }] }] } } },
    };
    expect(merge('Deployment', deployment, patch)).toEqual({
      spec: {
        template: {
          spec: { containers: [{ name: 'a', ports: [{ containerPort: 2 }, { containerPort: 1 }] }] },
        },
      },
    });
    const service = { spec: { ports: [{ port: 1, name: 'x' }] } };
    expect(merge('Service', service, { spec: { ports: [{ port: 1, name: 'y' }] } })).toEqual({
      spec: { ports: [{ port: 1, name: 'y' }] },
    });
  });

  it('merges conditions by type and shares what it leaves alone', () => {
    const pod = {
      spec: live.spec,
      status: { conditions: [{ type: 'Ready', status: 'False' }, { type: 'Other' }] },
    };
    const merged = merge('Pod', pod, { status: { conditions: [{ type: 'Ready', status: 'True' }] } });
    expect(merged.status).toEqual({ conditions: [{ type: 'Ready', status: 'True' }, { type: 'Other' }] });
    expect(merged.spec).toBe(pod.spec);
  });

  it('refuses items without their key and unknown directives', () => {
    expect(() => merge('Pod', live, { spec: { containers: [{ image: 'x' }] } })).toThrow(
      'does not contain declared merge key: name',
    );
    expect(() => merge('Pod', live, { $what: 1 })).toThrow('unknown directive $what');
  });
});

describe('merge patch', () => {
  it.each<[unknown, unknown, unknown]>([
    [{ a: 1, b: { c: 2, d: 3 } }, { b: { c: null, e: 4 } }, { a: 1, b: { d: 3, e: 4 } }],
    [{ a: [1, 2] }, { a: [3] }, { a: [3] }],
    [{ a: 'x' }, { a: { b: null, c: 1 } }, { a: { c: 1 } }],
  ])('%j with %j is %j', (live, patch, expected) => {
    expect(mergePatch(live, patch)).toEqual(expected);
  });
});
