import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../store/api-error.ts';
import type { StoredObject } from '../store/store.ts';
import { type ApplyRequest, applyPatch, trackUpdate } from './index.ts';
import { readManagedFields } from './managed-fields.ts';

const t0 = Date.parse('2026-01-02T03:04:05Z');
const later = t0 + 60_000;

function deployment(spec: object, metadata: object = {}): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default', ...metadata },
    spec,
  };
}

function podTemplate(containers: object[], extra: object = {}): object {
  return { metadata: { labels: { app: 'web' } }, spec: { containers, ...extra } };
}

const web = deployment({
  replicas: 2,
  selector: { matchLabels: { app: 'web' } },
  template: podTemplate([{ name: 'web', image: 'nginx:1', ports: [{ containerPort: 80 }] }]),
});

/** As the server would keep it: identity, and some of the defaults. */
function stored(object: object): StoredObject {
  const copy = structuredClone(object) as StoredObject;
  copy.metadata = {
    ...copy.metadata,
    uid: 'u1',
    resourceVersion: '7',
    creationTimestamp: '2026-01-02T03:04:05Z',
  };
  for (const container of containersOf(copy)) {
    container.terminationMessagePath ??= '/dev/termination-log';
    for (const port of (container.ports as Record<string, unknown>[] | undefined) ?? [])
      port.protocol ??= 'TCP';
  }
  return copy;
}

function containersOf(object: StoredObject): Record<string, unknown>[] {
  const template = object.spec?.template as { spec?: { containers?: Record<string, unknown>[] } } | undefined;
  return template?.spec?.containers ?? [];
}

function apply(
  live: StoredObject | undefined,
  patch: object,
  options: Partial<ApplyRequest> = {},
): StoredObject {
  return applyPatch({ live, patch, manager: 'kubectl', force: false, now: t0, ...options });
}

function owners(object: StoredObject): Record<string, unknown> {
  return Object.fromEntries(
    readManagedFields(object.metadata.managedFields).map((entry) => [
      `${entry.manager}/${entry.operation}${entry.subresource ? `/${entry.subresource}` : ''}`,
      entry.fieldsV1,
    ]),
  );
}

function failure(work: () => unknown): ApiError {
  try {
    work();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

describe('applyPatch', () => {
  it('creates, and says what the manager owns', () => {
    const created = apply(undefined, web);
    expect(created.metadata.managedFields).toEqual([
      {
        manager: 'kubectl',
        operation: 'Apply',
        apiVersion: 'apps/v1',
        time: '2026-01-02T03:04:05Z',
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:spec': {
            'f:replicas': {},
            'f:selector': {},
            'f:template': {
              'f:metadata': { 'f:labels': { 'f:app': {} } },
              'f:spec': {
                'f:containers': {
                  'k:{"name":"web"}': {
                    '.': {},
                    'f:image': {},
                    'f:name': {},
                    'f:ports': {
                      'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} },
                    },
                  },
                },
              },
            },
          },
        },
      },
    ]);
  });

  it('is a no-op when the same is applied again', () => {
    const live = stored(apply(undefined, web));
    expect(apply(live, web, { now: later })).toEqual(live);
  });

  it('merges containers by name and keeps what the server and others have put there', () => {
    const live = stored(apply(undefined, web));
    const other = apply(
      live,
      deployment({ template: { spec: { containers: [{ name: 'log', image: 'l:1' }] } } }),
      {
        manager: 'injector',
      },
    );
    const again = apply(
      other,
      deployment({
        replicas: 2,
        selector: { matchLabels: { app: 'web' } },
        template: podTemplate([{ name: 'web', image: 'nginx:2', ports: [{ containerPort: 80 }] }]),
      }),
    );
    expect(containersOf(again)).toEqual([
      {
        name: 'web',
        image: 'nginx:2',
        ports: [{ containerPort: 80, protocol: 'TCP' }],
        terminationMessagePath: '/dev/termination-log',
      },
      { name: 'log', image: 'l:1' },
    ]);
  });

  it('removes a field, a list item and a whole struct that the manager no longer applies', () => {
    const rich = deployment(
      {
        replicas: 2,
        strategy: { rollingUpdate: { maxSurge: 1 } },
        template: podTemplate([
          {
            name: 'web',
            image: 'nginx:1',
            env: [
              { name: 'A', value: '1' },
              { name: 'B', value: '2' },
            ],
          },
          { name: 'side', image: 's:1' },
        ]),
      },
      { labels: { tier: 'front' }, annotations: { a: '1', b: '2' } },
    );
    const live = stored(apply(undefined, rich));
    const poor = deployment(
      { template: podTemplate([{ name: 'web', image: 'nginx:1', env: [{ name: 'B', value: '2' }] }]) },
      { annotations: { b: '2' } },
    );
    const result = apply(live, poor, { now: later });
    expect(result.metadata.labels).toBeUndefined();
    expect(result.metadata.annotations).toEqual({ b: '2' });
    expect(result.spec).toEqual({
      template: podTemplate([
        {
          name: 'web',
          image: 'nginx:1',
          env: [{ name: 'B', value: '2' }],
          terminationMessagePath: '/dev/termination-log',
        },
      ]),
    });
  });

  it('keeps what another manager owns too', () => {
    const live = stored(apply(undefined, web));
    const shared = apply(live, deployment({ replicas: 2 }), { manager: 'autoscaler' });
    const { replicas: _, ...without } = (web as { spec: Record<string, unknown> }).spec;
    const result = apply(shared, deployment(without));
    expect(result.spec?.replicas).toBe(2);
    expect(owners(result)['autoscaler/Apply']).toEqual({ 'f:spec': { 'f:replicas': {} } });
  });

  it('keeps an item that someone else owns a part of, with its key', () => {
    const live = stored(apply(undefined, web));
    const patched = structuredClone(live);
    for (const container of containersOf(patched)) container.image = 'nginx:9';
    const updated = trackUpdate({
      before: live,
      after: patched,
      manager: 'ci',
      operation: 'Update',
      now: later,
    });
    const result = apply(updated, deployment({ template: { spec: { containers: [] } } }));
    expect(containersOf(result)).toEqual([
      { name: 'web', image: 'nginx:9', terminationMessagePath: '/dev/termination-log' },
    ]);
  });

  it('fails with every conflict named, in upstream’s words', () => {
    const live = stored(apply(undefined, web));
    const scaled: StoredObject = { ...live, spec: { ...live.spec, replicas: 5 } };
    const updated = trackUpdate({
      before: live,
      after: scaled,
      manager: 'ci',
      operation: 'Update',
      subresource: 'scale',
      now: later,
    });
    const error = failure(() => apply(updated, web));
    expect(error.code).toBe(409);
    expect(error.reason).toBe('Conflict');
    expect(error.message).toBe(
      'Apply failed with 1 conflict: conflict with "ci" with subresource "scale" using apps/v1: .spec.replicas',
    );
    expect(error.details?.causes).toEqual([
      {
        reason: 'FieldManagerConflict',
        message: 'conflict with "ci" with subresource "scale" using apps/v1',
        field: '.spec.replicas',
      },
    ]);

    const two = failure(() =>
      apply(updated, deployment({ replicas: 9, template: podTemplate([{ name: 'web', image: 'x' }]) }), {
        manager: 'b',
      }),
    );
    expect(two.message).toBe(
      [
        'Apply failed with 2 conflicts: conflicts with "ci" with subresource "scale" using apps/v1:',
        '- .spec.replicas',
        'conflicts with "kubectl":',
        '- .spec.template.spec.containers[name="web"].image',
      ].join('\n'),
    );
  });

  it('takes the fields when forced', () => {
    const live = stored(apply(undefined, web));
    const result = apply(live, deployment({ replicas: 9 }), { manager: 'b', force: true });
    expect(result.spec?.replicas).toBe(9);
    expect(owners(result)['b/Apply']).toEqual({ 'f:spec': { 'f:replicas': {} } });
    const spec = (owners(result)['kubectl/Apply'] as Record<string, object>)['f:spec'];
    expect(Object.keys(spec ?? {})).toEqual(['f:selector', 'f:template']);
  });

  it('does not conflict over equal values, nor inside an atomic one', () => {
    const live = stored(apply(undefined, web));
    expect(() => apply(live, deployment({ replicas: 2 }), { manager: 'b' })).not.toThrow();
    const error = failure(() =>
      apply(live, deployment({ selector: { matchLabels: { app: 'x' } } }), { manager: 'b' }),
    );
    expect(error.details?.causes?.map(({ field }) => field)).toEqual(['.spec.selector']);
  });

  it('gives an object that nobody tracked to whoever came before', () => {
    const live = stored(web);
    const error = failure(() => apply(live, deployment({ replicas: 9 })));
    expect(error.message).toBe(
      'Apply failed with 1 conflict: conflict with "before-first-apply" using apps/v1: .spec.replicas',
    );
    expect(Object.keys(owners(apply(live, web)))).toEqual(['kubectl/Apply', 'before-first-apply/Update']);
  });

  it('keeps the note of client-side apply true', () => {
    const note = 'kubectl.kubernetes.io/last-applied-configuration';
    const live = stored(deployment({ replicas: 1 }, { annotations: { [note]: '{}' } }));
    const result = apply(live, deployment({ replicas: 1 }));
    expect(JSON.parse(result.metadata.annotations?.[note] ?? '')).toEqual(deployment({ replicas: 1 }));
    expect(apply(live, deployment({ replicas: 1 }), { manager: 'other' }).metadata.annotations).toEqual({
      [note]: '{}',
    });
  });

  it('applies only the status to the status subresource, and everything else otherwise', () => {
    const live = stored(apply(undefined, web));
    const patch = {
      ...deployment({ replicas: 9 }),
      status: { replicas: 1, conditions: [{ type: 'Available', status: 'True' }] },
    };
    const result = apply(live, patch, { manager: 'c', subresource: 'status' });
    expect(result.spec).toEqual(live.spec);
    expect(owners(result)['c/Apply/status']).toEqual({
      'f:status': {
        'f:conditions': { 'k:{"type":"Available"}': { '.': {}, 'f:status': {}, 'f:type': {} } },
        'f:replicas': {},
      },
    });
    expect(apply(undefined, patch)).not.toHaveProperty('status');
  });

  it('refuses what it cannot tell apart', () => {
    const ports = [{ containerPort: 80 }, { containerPort: 80, protocol: 'TCP' }];
    const twice = deployment({ template: podTemplate([{ name: 'web', ports }]) });
    expect(failure(() => apply(undefined, twice)).message).toBe(
      'failed to create typed patch object: .spec.template.spec.containers[0].ports: duplicate entries for key [containerPort=80,protocol="TCP"]',
    );
    const nameless = deployment({ template: podTemplate([{ image: 'x' }]) });
    expect(failure(() => apply(undefined, nameless)).message).toContain('omits key field "name"');
    expect(failure(() => apply(undefined, deployment({}, { managedFields: [{}] }))).code).toBe(400);
    expect(failure(() => apply(undefined, { kind: 'Pod' })).code).toBe(400);
  });

  it('moves an object from client-side apply, as kubectl does it', () => {
    const created = trackUpdate({
      after: stored(web),
      manager: 'kubectl-client-side-apply',
      operation: 'Update',
      now: t0,
    });
    const [entry] = readManagedFields(created.metadata.managedFields);
    const moved = structuredClone(created);
    moved.metadata.managedFields = [{ ...entry, manager: 'kubectl', operation: 'Apply' }];
    const tracked = trackUpdate({
      before: created,
      after: moved,
      manager: 'kubectl',
      operation: 'Update',
      now: later,
    });
    expect(Object.keys(owners(tracked))).toEqual(['kubectl/Apply']);
    const { replicas: _, ...without } = (web as { spec: Record<string, unknown> }).spec;
    expect(apply(tracked, deployment(without)).spec).not.toHaveProperty('replicas');
  });
});

describe('trackUpdate', () => {
  const update = (
    before: StoredObject | undefined,
    after: StoredObject,
    manager = 'm',
    now = later,
  ): StoredObject => trackUpdate({ before, after, manager, operation: 'Update', now });

  it('writes what upstream writes for a created Deployment', () => {
    const created = update(undefined, stored(web));
    expect(owners(created)['m/Update']).toEqual({
      'f:spec': {
        'f:replicas': {},
        'f:selector': {},
        'f:template': {
          'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
          'f:spec': {
            'f:containers': {
              'k:{"name":"web"}': {
                '.': {},
                'f:image': {},
                'f:name': {},
                'f:ports': {
                  '.': {},
                  'k:{"containerPort":80,"protocol":"TCP"}': {
                    '.': {},
                    'f:containerPort': {},
                    'f:protocol': {},
                  },
                },
                'f:terminationMessagePath': {},
              },
            },
          },
        },
      },
    });
  });

  it('hands a changed field over, and forgets a removed one', () => {
    const created = update(undefined, stored(web), 'a', t0);
    const { replicas: _, ...spec } = created.spec ?? {};
    const changed = update(created, { ...created, spec: { ...spec, paused: true } }, 'b');
    expect(owners(changed)['b/Update']).toEqual({ 'f:spec': { 'f:paused': {} } });
    expect(JSON.stringify(owners(changed)['a/Update'])).not.toContain('replicas');
  });

  it('changes nothing when nothing changed', () => {
    const created = update(undefined, stored(web));
    expect(update(created, structuredClone(created), 'b', later + 1000)).toEqual(created);
  });

  it('keeps one entry for each subresource', () => {
    const created = update(undefined, stored(web));
    const after = { ...created, status: { replicas: 2 } };
    const result = trackUpdate({
      before: created,
      after,
      manager: 'm',
      operation: 'Update',
      subresource: 'status',
      now: later,
    });
    expect(owners(result)['m/Update/status']).toEqual({ 'f:status': { 'f:replicas': {} } });
  });

  it('leaves an object untracked that never was tracked, and clears one on request', () => {
    const live = stored(web);
    const after: StoredObject = { ...live, spec: { replicas: 4 } };
    expect(update(live, after)).toEqual(after);
    const tracked = update(undefined, live);
    const cleared: StoredObject = { ...tracked, metadata: { ...tracked.metadata, managedFields: [{}] } };
    expect(update(tracked, cleared).metadata).not.toHaveProperty('managedFields');
  });

  it('takes finalizers one by one', () => {
    const created = update(undefined, stored(deployment({}, { finalizers: ['a/x'] })), 'a', t0);
    const more: StoredObject = { ...created, metadata: { ...created.metadata, finalizers: ['a/x', 'b/y'] } };
    expect(owners(update(created, more, 'b'))['b/Update']).toEqual({
      'f:metadata': { 'f:finalizers': { 'v:"b/y"': {} } },
    });
  });
});

describe('properties of apply', () => {
  const text = fc.constantFrom('a', 'b', 'c');
  const container = fc.record(
    {
      name: text,
      image: text,
      args: fc.array(text, { maxLength: 2 }),
      env: fc.uniqueArray(fc.record({ name: text, value: text }), {
        selector: ({ name }) => name,
        maxLength: 3,
      }),
      resources: fc.record({ limits: fc.dictionary(text, text, { maxKeys: 2 }) }, { requiredKeys: [] }),
    },
    { requiredKeys: ['name'] },
  );
  const configuration = fc
    .record({
      replicas: fc.option(fc.nat(3), { nil: undefined }),
      labels: fc.option(fc.dictionary(text, text, { maxKeys: 3 }), { nil: undefined }),
      finalizers: fc.option(fc.uniqueArray(text, { maxLength: 2 }), { nil: undefined }),
      containers: fc.option(fc.uniqueArray(container, { selector: ({ name }) => name, maxLength: 3 }), {
        nil: undefined,
      }),
    })
    .map(({ replicas, labels, finalizers, containers }) =>
      deployment(
        {
          ...(replicas === undefined ? {} : { replicas }),
          ...(containers ? { template: { spec: { containers } } } : {}),
        },
        { ...(labels ? { labels } : {}), ...(finalizers ? { finalizers } : {}) },
      ),
    );
  const force = { force: true, now: later };

  it('applying the same twice is a no-op, whoever else has applied', () => {
    fc.assert(
      fc.property(configuration, configuration, configuration, (first, second, third) => {
        let live = stored(apply(undefined, first, { manager: 'x' }));
        live = apply(live, second, { manager: 'y', ...force });
        live = apply(live, third, { manager: 'x', ...force });
        expect(apply(live, third, { manager: 'x', now: later + 60_000 })).toEqual(live);
      }),
    );
  });

  it('a manager that applies nothing gives up its fields, and only those nobody else owns are removed', () => {
    fc.assert(
      fc.property(configuration, configuration, (first, second) => {
        const alone = apply(undefined, second, { manager: 'y' });
        const both = apply(apply(undefined, first, { manager: 'x' }), second, { manager: 'y', ...force });
        const left = apply(both, deployment({}), { manager: 'x', now: later });
        expect(owners(left)['x/Apply']).toEqual({ 'f:spec': {} });
        expect(owners(left)['y/Apply']).toEqual(owners(alone)['y/Apply']);
        expect(unordered({ ...left, metadata: { ...left.metadata, managedFields: [] } })).toEqual(
          unordered({ ...alone, metadata: { ...alone.metadata, managedFields: [] } }),
        );
      }),
    );
  });

  /** The order of map lists may differ: both managers had a say in it. */
  function unordered(object: StoredObject): unknown {
    const copy = structuredClone(object);
    containersOf(copy).sort((a, b) => String(a.name).localeCompare(String(b.name)));
    for (const one of containersOf(copy))
      if (Array.isArray(one.env)) one.env.sort((a, b) => a.name.localeCompare(b.name));
    copy.metadata.finalizers?.sort();
    return copy;
  }
});
