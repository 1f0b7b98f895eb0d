import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { record, records } from '../store/json.ts';
import { TestApi } from './test-api.ts';

let api: TestApi;
/** A namespace of its own for each test. */
let namespace = '';
let tests = 0;

beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.stop());
beforeEach(() => {
  namespace = `test-${tests++}`;
  api.store.create('namespaces', { metadata: { name: namespace } });
});

const inNamespace = (rest: string) => `/api/v1/namespaces/${namespace}/${rest}`;
const configMap = (name: string, data: object = { a: '1' }, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  data,
});
const pod = (name: string, spec: object = {}) => ({
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'busybox:1' }], ...spec },
});

describe('who may ask', () => {
  it.each([
    ['nobody', null, '/api/v1/pods', 401, 'Unauthorized'],
    ['a stranger', 'nonsense', '/api/v1/pods', 401, 'Unauthorized'],
    ['nobody, for health', null, '/healthz', 200, undefined],
    ['a forged token', 'e30.e30.e30', '/api/v1/pods', 401, 'Unauthorized'],
  ])('%s', async (_who, token, path, code, reason) => {
    const { status, body } = await api.send('GET', path, { token });
    expect([status, body.reason]).toEqual([code, reason]);
  });

  it('tells others than administrators why not', async () => {
    const token = api.tokens.issue('eve', []);
    const { status, body } = await api.send('GET', '/api/v1/namespaces/default/pods', { token });
    expect(status).toBe(403);
    expect(body).toMatchObject({ kind: 'Status', reason: 'Forbidden', code: 403 });
    expect(body.message).toBe(
      'pods is forbidden: User "eve" cannot list resource "pods" in API group "" in the namespace "default": this development cluster does not evaluate RBAC: only the group system:masters is allowed',
    );
    expect((await api.send('GET', '/apis', { token })).status).toBe(200);
    expect((await api.send('GET', '/metrics', { token })).status).toBe(403);
  });
});

describe('paths', () => {
  it.each([
    ['GET', '/', 404],
    ['GET', '/api/v1/nothing', 404],
    ['GET', '/apis/apps/v2/deployments', 404],
    ['GET', '/api/v1/pods/x', 404],
    ['GET', '/api/v1/namespaces/default/nodes', 404],
    ['GET', '/api/v1/namespaces/default/pods/x/nothing', 404],
    ['GET', '/api/v1/namespaces/default/pods/x', 404],
    ['GET', '/api/v1/namespaces/default/pods/%zz', 400],
    ['PUT', '/api/v1/namespaces/default/pods', 405],
    ['DELETE', '/api/v1/namespaces/default/pods/x/log', 405],
    ['GET', '/apis/authentication.k8s.io/v1/tokenreviews', 405],
    ['GET', '/api/v1/namespaces/default/pods?labelSelector=%3D', 400],
    ['GET', '/api/v1/namespaces/default/pods?limit=x', 400],
    ['GET', '/api/v1/namespaces/default/pods?continue=x', 400],
    ['GET', '/api/v1/namespaces/default/pods?resourceVersion=x', 400],
    ['GET', '/api/v1/namespaces/default/pods?resourceVersion=99999', 504],
  ])('%s %s is %d with a Status', async (method, path, code) => {
    const { status, body } = await api.send(method, path);
    expect([status, body.kind, body.code]).toEqual([code, 'Status', code]);
  });

  it('are discovered in both ways', async () => {
    const groups = await api.send('GET', '/apis');
    expect(records(groups.body.groups).map(({ name }) => name)).toContain('apps');
    const apps = await api.send('GET', '/apis/apps/v1');
    expect(records(apps.body.resources).find(({ name }) => name === 'deployments')).toMatchObject({
      kind: 'Deployment',
      singularName: 'deployment',
      shortNames: ['deploy'],
      categories: ['all'],
    });
    expect(records(apps.body.resources).find(({ name }) => name === 'deployments/scale')).toMatchObject({
      group: 'autoscaling',
      kind: 'Scale',
    });
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
    const all = await api.send('GET', '/api', { accept });
    expect(all.headers['content-type']).toContain('g=apidiscovery.k8s.io');
    expect(all.body).toMatchObject({
      kind: 'APIGroupDiscoveryList',
      items: [{ versions: [{ version: 'v1' }] }],
    });
    expect((await api.send('GET', '/version')).body.gitVersion).toMatch(/^v1\.\d+\.\d+-burstlet$/);
  });
});

describe('objects', () => {
  it('are created, read, replaced and deleted', async () => {
    const created = await api.send('POST', inNamespace('configmaps'), { body: configMap('a') });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ kind: 'ConfigMap', metadata: { name: 'a', namespace } });
    const again = await api.send('POST', inNamespace('configmaps'), { body: configMap('a') });
    expect(again.body).toMatchObject({
      code: 409,
      reason: 'AlreadyExists',
      details: { name: 'a', kind: 'configmaps' },
    });
    const { metadata } = created.body;
    const replaced = await api.send('PUT', inNamespace('configmaps/a'), {
      body: { metadata, data: { b: null, c: '2' } },
    });
    expect(replaced.body).toMatchObject({ data: { c: '2' } });
    const stale = await api.send('PUT', inNamespace('configmaps/a'), { body: { metadata, data: {} } });
    expect(stale.body).toMatchObject({ code: 409, reason: 'Conflict' });
    const read = await api.send('GET', inNamespace('configmaps/a'));
    expect(read.body).toEqual(replaced.body);
    const deleted = await api.send('DELETE', inNamespace('configmaps/a'));
    expect(deleted.body).toMatchObject({
      status: 'Success',
      details: { name: 'a', uid: record(metadata).uid },
    });
    expect((await api.send('GET', inNamespace('configmaps/a'))).body.message).toBe(
      'configmaps "a" not found',
    );
  });

  it.each<[string, object, number, string]>([
    [
      'of another kind',
      { kind: 'Pod', apiVersion: 'v1', metadata: { name: 'a' } },
      400,
      'the object provided is unrecognized',
    ],
    [
      'in another namespace',
      configMap('a', {}, { namespace: 'elsewhere' }),
      400,
      'does not match the namespace sent on the request',
    ],
    [
      'with values of a wrong type',
      { metadata: { name: 'a' }, data: 'x' },
      400,
      'cannot be handled as a ConfigMap: json: cannot unmarshal string',
    ],
    ['that break a rule', configMap('A_'), 422, 'ConfigMap "A_" is invalid: metadata.name: Invalid value'],
  ])('%s are refused', async (_what, body, code, message) => {
    const { status, body: answer } = await api.send('POST', inNamespace('configmaps'), { body });
    expect(status).toBe(code);
    expect(answer.message).toContain(message);
  });

  it.each([
    ['text/plain', 'x', 415],
    ['application/json', '{', 400],
    ['application/json', '[]', 400],
    ['application/yaml', 'a: [', 400],
    ['application/json', `{"x":"${'x'.repeat(3 * 1024 * 1024)}"}`, 413],
  ])('in a body of %s that is not understood are refused (%#)', async (type, body, code) => {
    expect((await api.send('POST', inNamespace('configmaps'), { type, body })).status).toBe(code);
  });

  it('may come as YAML', async () => {
    const body = 'metadata:\n  name: why\ndata:\n  a: "1"\n';
    const created = await api.send('POST', inNamespace('configmaps'), { type: 'application/yaml', body });
    expect(created.body).toMatchObject({ metadata: { name: 'why' }, data: { a: '1' } });
  });

  it('with unknown fields are refused, warned of or taken, as asked', async () => {
    const body = { ...configMap('a'), foo: 1 };
    const send = (query: string) => api.send('POST', inNamespace(`configmaps?dryRun=All&${query}`), { body });
    const strict = await send('fieldValidation=Strict');
    expect(strict.status).toBe(400);
    expect(strict.body.message).toContain('strict decoding error: unknown field "foo"');
    expect((await send('')).headers.warning).toBe('299 - "unknown field \\"foo\\""');
    expect((await send('fieldValidation=Ignore')).headers.warning).toBeUndefined();
    const odd = { ...configMap('a'), 'ü\n語': 1 };
    const warned = await api.send('POST', inNamespace('configmaps?dryRun=All'), { body: odd });
    expect([warned.status, warned.headers.warning]).toEqual([201, '299 - "unknown field \\"?\\n?\\""']);
  });

  it('stay as they are in a dry run', async () => {
    const dry = await api.send('POST', inNamespace('pods?dryRun=All'), { body: pod('a') });
    expect(dry.status).toBe(201);
    expect((await api.send('GET', inNamespace('pods/a'))).status).toBe(404);
    await api.send('POST', inNamespace('pods'), { body: pod('a') });
    await api.send('DELETE', inNamespace('pods/a'), { body: { dryRun: ['All'] } });
    expect((await api.send('GET', inNamespace('pods/a'))).status).toBe(200);
    expect((await api.send('DELETE', inNamespace('pods/a?dryRun=Some'))).status).toBe(400);
  });

  it('say who wrote what', async () => {
    await api.send('POST', inNamespace('configmaps?fieldManager=me'), { body: configMap('a') });
    const body = { data: { b: '2' } };
    const type = 'application/merge-patch+json';
    const patched = await api.send('PATCH', inNamespace('configmaps/a?fieldManager=you'), { type, body });
    const managers = records(record(patched.body.metadata).managedFields);
    expect(managers.map(({ manager, operation }) => `${manager} ${operation}`)).toEqual([
      'me Update',
      'you Update',
    ]);
  });
});

describe('lists', () => {
  beforeEach(() => {
    for (const name of ['c', 'a', 'b', 'd']) {
      api.store.create('configmaps', { metadata: { name, namespace, labels: { name } } });
    }
  });
  const namesOf = (body: Record<string, unknown>) =>
    records(body.items).map(({ metadata }) => record(metadata).name);

  it('are sorted and selected', async () => {
    const all = await api.send('GET', inNamespace('configmaps'));
    expect(all.body).toMatchObject({ kind: 'ConfigMapList', apiVersion: 'v1' });
    expect(record(all.body.metadata).resourceVersion).toBe(String(api.store.version));
    expect(namesOf(all.body)).toEqual(['a', 'b', 'c', 'd']);
    const some = await api.send(
      'GET',
      inNamespace('configmaps?labelSelector=name%20notin%20(a)&fieldSelector=metadata.name!%3Dd'),
    );
    expect(namesOf(some.body)).toEqual(['b', 'c']);
  });

  it('come in pages that show one moment', async () => {
    const first = await api.send('GET', inNamespace('configmaps?limit=2'));
    expect(namesOf(first.body)).toEqual(['a', 'b']);
    const { continue: next, resourceVersion, remainingItemCount } = record(first.body.metadata);
    expect(remainingItemCount).toBe(2);
    api.store.delete('configmaps', namespace, 'c');
    api.store.create('configmaps', { metadata: { name: 'e', namespace } });
    const second = await api.send('GET', inNamespace(`configmaps?limit=2&continue=${next}`));
    expect(namesOf(second.body)).toEqual(['c', 'd']);
    expect(second.body.metadata).toEqual({ resourceVersion });
  });

  it('of the past are had while they are remembered', async () => {
    const then = api.store.version;
    api.store.delete('configmaps', namespace, 'a');
    const exact = await api.send(
      'GET',
      inNamespace(`configmaps?resourceVersion=${then}&resourceVersionMatch=Exact`),
    );
    expect(namesOf(exact.body)).toEqual(['a', 'b', 'c', 'd']);
    const newer = await api.send('GET', inNamespace(`configmaps?resourceVersion=${then}`));
    expect(namesOf(newer.body)).toEqual(['b', 'c', 'd']);
  });

  it('are deleted by selector', async () => {
    const gone = await api.send('DELETE', inNamespace('configmaps?labelSelector=name%20in%20(a,b)'));
    expect(namesOf(gone.body)).toEqual(['a', 'b']);
    expect(namesOf((await api.send('GET', inNamespace('configmaps'))).body)).toEqual(['c', 'd']);
  });

  it('are tables for kubectl', async () => {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
    const { body } = await api.send('GET', inNamespace('configmaps'), { accept });
    expect(body).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' });
    expect(records(body.rows)).toHaveLength(4);
    const one = await api.send('GET', inNamespace('configmaps/a'), { accept });
    expect(records(one.body.rows)).toHaveLength(1);
    expect((await api.send('GET', inNamespace('configmaps'), { accept: 'text/html' })).status).toBe(406);
  });
});

describe('events.k8s.io', () => {
  it('shows the same events under other names', async () => {
    const note = {
      metadata: { name: 'e' },
      regarding: { kind: 'Pod', name: 'p' },
      note: 'hello',
      reason: 'R',
      type: 'Normal',
      reportingController: 'x',
      eventTime: '2026-01-01T00:00:00.000000Z',
    };
    const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
    const created = await api.send('POST', path, { body: note });
    expect(created.body).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      note: 'hello',
      regarding: { name: 'p' },
    });
    const core = await api.send('GET', inNamespace('events?fieldSelector=involvedObject.name%3Dp'));
    expect(records(core.body.items)).toMatchObject([
      { apiVersion: 'v1', message: 'hello', involvedObject: { name: 'p' }, reportingComponent: 'x' },
    ]);
    expect(records((await api.send('GET', path)).body.items)).toMatchObject([{ note: 'hello' }]);
  });
});

describe('patches', () => {
  const deployment = {
    metadata: { name: 'd' },
    spec: {
      selector: { matchLabels: { a: 'b' } },
      template: {
        metadata: { labels: { a: 'b' } },
        spec: {
          containers: [
            { name: 'c', image: 'one' },
            { name: 'd', image: 'two' },
          ],
        },
      },
    },
  };
  const path = () => `/apis/apps/v1/namespaces/${namespace}/deployments/d`;
  const imagesOf = (body: Record<string, unknown>) =>
    records(record(record(record(body.spec).template).spec).containers).map(({ image }) => image);

  beforeEach(async () => {
    await api.send('POST', `/apis/apps/v1/namespaces/${namespace}/deployments`, { body: deployment });
  });

  it.each<[string, unknown, string[]]>([
    [
      'strategic-merge-patch',
      { spec: { template: { spec: { containers: [{ name: 'd', image: 'new' }] } } } },
      ['one', 'new'],
    ],
    ['merge-patch', { spec: { template: { spec: { containers: [{ name: 'd', image: 'new' }] } } } }, ['new']],
    [
      'json-patch',
      [
        { op: 'test', path: '/metadata/name', value: 'd' },
        { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'new' },
      ],
      ['new', 'two'],
    ],
  ])('of type %s', async (type, body, images) => {
    const patched = await api.send('PATCH', path(), { type: `application/${type}+json`, body });
    expect(patched.status).toBe(200);
    expect(imagesOf(patched.body)).toEqual(images);
    expect(patched.body.metadata).toMatchObject({ generation: 2 });
  });

  it.each<[string, string, unknown, number]>([
    ['a failed test', 'json-patch+json', [{ op: 'test', path: '/metadata/name', value: 'x' }], 422],
    ['a path that is not there', 'json-patch+json', [{ op: 'remove', path: '/spec/nothing/at/all' }], 422],
    ['no list of operations', 'json-patch+json', {}, 400],
    ['another version', 'merge-patch+json', { metadata: { resourceVersion: '1' } }, 409],
    ['another UID', 'strategic-merge-patch+json', { metadata: { uid: 'x' } }, 409],
    ['another name', 'merge-patch+json', { metadata: { name: 'x' } }, 400],
    ['an unknown type', 'json', {}, 415],
    ['a broken rule', 'merge-patch+json', { spec: { replicas: -1 } }, 422],
  ])('with %s are refused', async (_what, type, body, code) => {
    expect((await api.send('PATCH', path(), { type: `application/${type}`, body })).status).toBe(code);
  });

  it('leave the objects alone that others have been handed', async () => {
    const made = api.store.create('services', {
      metadata: { name: 's', namespace },
      spec: { ports: [{ port: 80 }] },
    });
    const before = structuredClone(made);
    const body = { spec: { type: 'NodePort' } };
    const type = 'application/strategic-merge-patch+json';
    const patched = await api.send('PATCH', inNamespace('services/s'), { type, body });
    expect(patched.body.spec).toMatchObject({ type: 'NodePort', ports: [{ nodePort: 30000 }] });
    expect(made).toEqual(before);
  });

  it('are applied by the server and made when there is nothing', async () => {
    const type = 'application/apply-patch+yaml';
    const configuration = (value: string) => ({ ...configMap('s', { a: value }) });
    const send = (value: string, manager: string, more = '') =>
      api.send('PATCH', inNamespace(`configmaps/s?fieldManager=${manager}${more}`), {
        type,
        body: configuration(value),
      });
    expect((await send('1', 'me')).status).toBe(201);
    expect((await send('2', 'me')).body).toMatchObject({ data: { a: '2' } });
    const refused = await send('3', 'you');
    expect(refused.body).toMatchObject({ code: 409, reason: 'Conflict' });
    expect(refused.body.message).toContain('conflict with "me"');
    expect((await send('3', 'you', '&force=true')).body).toMatchObject({ data: { a: '3' } });
    expect(
      (await api.send('PATCH', inNamespace('configmaps/s'), { type, body: configuration('4') })).status,
    ).toBe(400);
  });
});

describe('subresources', () => {
  it('status is written apart', async () => {
    await api.send('POST', inNamespace('pods'), { body: pod('p') });
    const body = { spec: { nodeName: 'n' }, status: { phase: 'Running' }, metadata: { labels: { a: 'b' } } };
    const type = 'application/strategic-merge-patch+json';
    const { body: patched } = await api.send('PATCH', inNamespace('pods/p/status'), { type, body });
    expect(patched).toMatchObject({
      status: { phase: 'Running', qosClass: 'BestEffort' },
      metadata: { generation: 1, labels: { a: 'b' } },
    });
    expect(record(patched.spec).nodeName).toBeUndefined();
  });

  it('binding binds once', async () => {
    const { body: made } = await api.send('POST', inNamespace('pods'), { body: pod('p') });
    const bind = (uid?: unknown) =>
      api.send('POST', inNamespace('pods/p/binding'), {
        body: { metadata: { name: 'p', uid }, target: { kind: 'Node', name: 'n1' } },
      });
    expect((await bind('other')).status).toBe(409);
    expect((await bind(record(made.metadata).uid)).status).toBe(201);
    const again = await bind();
    expect(again.body).toMatchObject({
      code: 409,
      message: 'Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "n1"',
    });
    const { body: bound } = await api.send('GET', inNamespace('pods/p'));
    expect(bound).toMatchObject({
      metadata: { generation: 1 },
      spec: { nodeName: 'n1' },
      status: {
        conditions: [{ type: 'PodScheduled', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }],
      },
    });
  });

  it('scale reads and writes replicas', async () => {
    const template = { metadata: { labels: { a: 'b' } }, spec: pod('x').spec };
    const body = {
      metadata: { name: 'd' },
      spec: { replicas: 2, selector: { matchLabels: { a: 'b' } }, template },
    };
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
    await api.send('POST', path, { body });
    const { body: scale } = await api.send('GET', `${path}/d/scale`);
    expect(scale).toMatchObject({
      kind: 'Scale',
      spec: { replicas: 2 },
      status: { replicas: 0, selector: 'a=b' },
    });
    const type = 'application/merge-patch+json';
    await api.send('PATCH', `${path}/d/scale`, { type, body: { spec: { replicas: 5 } } });
    const put = await api.send('PUT', `${path}/d/scale`, { body: { ...scale, spec: { replicas: 3 } } });
    expect(put.status).toBe(409);
    expect((await api.send('GET', `${path}/d`)).body).toMatchObject({
      spec: { replicas: 5 },
      metadata: { generation: 2 },
    });
  });

  it('eviction deletes and says why', async () => {
    await api.send('POST', inNamespace('pods'), { body: pod('p', { nodeName: 'n' }) });
    const evicted = await api.send('POST', inNamespace('pods/p/eviction'), {
      body: { metadata: { name: 'p' } },
    });
    expect(evicted.status).toBe(201);
    const { body } = await api.send('GET', inNamespace('pods/p'));
    expect(body).toMatchObject({
      metadata: { deletionGracePeriodSeconds: 30 },
      status: { conditions: [{ type: 'DisruptionTarget', reason: 'EvictionByEvictionAPI' }] },
    });
  });

  it('ephemeralcontainers changes nothing else', async () => {
    await api.send('POST', inNamespace('pods'), { body: pod('p', { nodeName: 'n' }) });
    const body = { spec: { nodeName: 'other', ephemeralContainers: [{ name: 'debug', image: 'x' }] } };
    const type = 'application/strategic-merge-patch+json';
    const { body: patched } = await api.send('PATCH', inNamespace('pods/p/ephemeralcontainers'), {
      type,
      body,
    });
    expect(patched).toMatchObject({
      metadata: { generation: 2 },
      spec: {
        nodeName: 'n',
        ephemeralContainers: [
          {
            ...body.spec.ephemeralContainers[0],
            imagePullPolicy: 'Always',
            terminationMessagePolicy: 'File',
          },
        ],
      },
    });
  });

  it('ephemeralcontainers only adds, by a patch or a whole Pod', async () => {
    const path = inNamespace('pods/p/ephemeralcontainers');
    const made = pod('p', { nodeName: 'n', volumes: [{ name: 'v', emptyDir: {} }] });
    await api.send('POST', inNamespace('pods'), { body: made });
    const patch = (...ephemeralContainers: object[]) =>
      api.send('PATCH', path, {
        type: 'application/strategic-merge-patch+json',
        body: { spec: { ephemeralContainers } },
      });
    await patch({ name: 'one', image: 'x' });
    await patch({
      name: 'two',
      image: 'y',
      targetContainerName: 'c',
      volumeMounts: [{ name: 'v', mountPath: '/v' }],
    });
    const { body } = await api.send('GET', path);
    const { spec } = body as { spec: { ephemeralContainers: object[] } };
    expect(spec.ephemeralContainers.toReversed()).toMatchObject([{ name: 'one' }, { name: 'two' }]);
    const put = (ephemeralContainers: object[]) =>
      api.send('PUT', path, { body: { ...body, spec: { ...spec, ephemeralContainers } } });
    expect((await put(spec.ephemeralContainers.slice(0, 1))).body.message).toContain('may not be removed');
    expect((await put(spec.ephemeralContainers.toReversed())).status).toBe(200);
    for (const [change, message] of [
      [{ name: 'one', image: 'other' }, 'existing ephemeral containers "one" may not be changed'],
      [{ name: 'three' }, 'spec.ephemeralContainers[0].image: Required value'],
      [{ name: 'c', image: 'x' }, 'spec.ephemeralContainers[0].name: Duplicate value: "c"'],
      [{ name: 'three', image: 'x', targetContainerName: 'two' }, 'targetContainerName: Not found: "two"'],
      [
        { name: 'three', image: 'x', livenessProbe: { exec: { command: ['x'] } } },
        'livenessProbe: Forbidden: cannot be set for an Ephemeral Container',
      ],
      [{ name: 'three', image: 'x', ports: [{ containerPort: 1 }] }, 'ports: Forbidden'],
      [
        { name: 'three', image: 'x', volumeMounts: [{ name: 'v', mountPath: '/v', subPath: 's' }] },
        'volumeMounts[0].subPath: Forbidden',
      ],
    ] as const) {
      const refused = await patch(change);
      expect([refused.status, refused.body.message]).toEqual([422, expect.stringContaining(message)]);
    }
    const early = { body: pod('q', { ephemeralContainers: [{ name: 'debug', image: 'x' }] }) };
    expect((await api.send('POST', inNamespace('pods'), early)).body.message).toContain(
      'cannot be set on create',
    );
  });

  it('namespaces are finalized', async () => {
    await api.send('DELETE', `/api/v1/namespaces/${namespace}`);
    const { body } = await api.send('GET', `/api/v1/namespaces/${namespace}`);
    expect(body.status).toEqual({ phase: 'Terminating' });
    await api.send('PUT', `/api/v1/namespaces/${namespace}/finalize`, {
      body: { ...body, spec: { finalizers: [] } },
    });
    expect((await api.send('GET', `/api/v1/namespaces/${namespace}`)).status).toBe(404);
  });
});

describe('tokens and reviews', () => {
  const review = (token: unknown, audiences?: string[]) =>
    api.send('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { body: { spec: { token, audiences } } });

  it('of a user', async () => {
    const { body } = await review(api.tokens.issue('bob', ['builders']));
    expect(body.status).toMatchObject({
      authenticated: true,
      user: { username: 'bob', groups: ['builders', 'system:authenticated'] },
    });
    expect(JSON.stringify(body.spec)).not.toContain('token');
    expect((await review('x')).body.status).toMatchObject({ authenticated: false });
  });

  it('of a ServiceAccount live as long as it, its Pod and their time', async () => {
    api.store.create('serviceaccounts', { metadata: { name: 'bob', namespace } });
    const { body: made } = await api.send('POST', inNamespace('pods'), {
      body: pod('p', { serviceAccountName: 'bob' }),
    });
    const { uid } = record(made.metadata);
    const ask = (spec: object) =>
      api.send('POST', inNamespace('serviceaccounts/bob/token'), { body: { spec } });
    const boundObjectRef = { kind: 'Pod', apiVersion: 'v1', name: 'p', uid };
    const bound = await ask({ boundObjectRef, expirationSeconds: 600, audiences: ['vault'] });
    expect(bound.status).toBe(201);
    expect(bound.body.status).toMatchObject({
      expirationTimestamp: new Date(api.clock.now() + 600_000).toISOString().replace('.000', ''),
    });
    const { token } = record(bound.body.status);
    expect((await review(token)).body.status).toMatchObject({ authenticated: false });
    expect((await review(token, ['vault'])).body.status).toMatchObject({
      authenticated: true,
      audiences: ['vault'],
      user: {
        username: `system:serviceaccount:${namespace}:bob`,
        groups: expect.arrayContaining([`system:serviceaccounts:${namespace}`]),
      },
    });
    const free = record((await ask({})).body.status).token;
    expect((await review(free)).body.status).toMatchObject({ authenticated: true });
    await api.clock.advance(601_000);
    expect((await review(token, ['vault'])).body.status).toMatchObject({ authenticated: false });
    const fresh = record((await ask({ boundObjectRef })).body.status).token;
    expect((await review(fresh)).body.status).toMatchObject({ authenticated: true });
    api.store.delete('pods', namespace, 'p');
    expect((await review(fresh)).body.status).toMatchObject({ authenticated: false });
    expect((await review(free)).body.status).toMatchObject({ authenticated: true });
  });

  it.each<[object, number]>([
    [{ expirationSeconds: 10 }, 422],
    [{ boundObjectRef: { kind: 'Pod', name: 'no' } }, 404],
    [{ boundObjectRef: { kind: 'Secret', name: 'no' } }, 400],
  ])('asked for with %j are refused', async (spec, code) => {
    api.store.create('serviceaccounts', { metadata: { name: 'bob', namespace } });
    expect(
      (await api.send('POST', inNamespace('serviceaccounts/bob/token'), { body: { spec } })).status,
    ).toBe(code);
  });

  it('of access allow administrators and name the reason for the others', async () => {
    const ask = async (groups: string[]) =>
      (
        await api.send('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
          body: { spec: { user: 'x', groups } },
        })
      ).body.status;
    expect(await ask(['system:masters'])).toMatchObject({ allowed: true });
    expect(await ask(['others'])).toMatchObject({ allowed: false, reason: expect.stringContaining('RBAC') });
    const token = api.tokens.issue('eve', []);
    const own = await api.send('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      token,
      body: { spec: {} },
    });
    expect(own.body.status).toMatchObject({ allowed: false });
    const me = await api.send('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
      token,
      body: {},
    });
    expect(me.body.status).toMatchObject({ userInfo: { username: 'eve' } });
  });
});
