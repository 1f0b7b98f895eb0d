import { describe, expect, it } from 'vitest';
import { servedResources } from '../store/resource-table.ts';
import { createOpenApi } from './index.ts';
import { parseType } from './models.ts';

const openApi = createOpenApi();

interface Document {
  paths: Record<string, Record<string, Record<string, unknown>>>;
  components: { schemas: Record<string, SchemaLike> };
}

interface SchemaLike {
  description?: string;
  required?: string[];
  properties: Record<string, Record<string, unknown>>;
  [extension: string]: unknown;
}

function documentOf(groupVersion: string): Document {
  const text = openApi.v3Document(groupVersion);
  if (text === undefined) throw new Error(`no document for ${groupVersion}`);
  return JSON.parse(text);
}

describe('OpenAPI v3', () => {
  it('lists a document for every group that is served, and serves it', () => {
    const { paths } = JSON.parse(openApi.v3Index());
    expect(Object.keys(paths)).toContain('apis/apps/v1');
    for (const [groupVersion, { serverRelativeURL }] of Object.entries<{ serverRelativeURL: string }>(
      paths,
    )) {
      expect(serverRelativeURL).toMatch(new RegExp(`^/openapi/v3/${groupVersion}\\?hash=[0-9A-F]{16}$`));
      expect(documentOf(groupVersion).paths).not.toEqual({});
    }
    expect(openApi.v3Document('apis/nothing/v1')).toBeUndefined();
  });

  it('has a schema for every served kind', () => {
    const missing = servedResources.filter(({ group, version, kind }) => {
      const schemas = documentOf(group === '' ? `api/${version}` : `apis/${group}/${version}`).components
        .schemas;
      return !Object.values(schemas).some((schema) => {
        const kinds = schema['x-kubernetes-group-version-kind'];
        return JSON.stringify(kinds) === JSON.stringify([{ group, version, kind }]);
      });
    });
    expect(missing.map(({ id }) => id)).toEqual([]);
  });

  it('leads nowhere into nothing', () => {
    for (const groupVersion of Object.keys(JSON.parse(openApi.v3Index()).paths)) {
      const document = documentOf(groupVersion);
      const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)];
      const missing = refs
        .map(([, name = '']) => name)
        .filter((name) => !(name in document.components.schemas));
      expect(missing).toEqual([]);
    }
  });

  it('names structs by the group they belong to', () => {
    const names = Object.keys(documentOf('apis/apps/v1').components.schemas);
    expect(names).toEqual(
      expect.arrayContaining([
        'io.k8s.api.apps.v1.DeploymentSpec',
        'io.k8s.api.core.v1.PodTemplateSpec',
        'io.k8s.api.core.v1.Container',
        'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta',
        'io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector',
      ]),
    );
    expect(Object.keys(documentOf('api/v1').components.schemas)).toContain('io.k8s.api.core.v1.Event');
    expect(Object.keys(documentOf('apis/events.k8s.io/v1').components.schemas)).toContain(
      'io.k8s.api.events.v1.Event',
    );
  });

  it('describes fields: text, type, what is required, how lists are merged', () => {
    const schemas = documentOf('api/v1').components.schemas;
    const spec = schemas['io.k8s.api.core.v1.PodSpec'];
    expect(spec?.description).toBe('PodSpec is a description of a pod.');
    expect(spec?.required).toEqual(['containers']);
    expect(spec?.properties.containers).toMatchObject({
      type: 'array',
      items: { allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.Container' }] },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      'x-kubernetes-patch-merge-key': 'name',
      'x-kubernetes-patch-strategy': 'merge',
    });
    expect(spec?.properties.dnsPolicy?.description).toContain('Defaults to "ClusterFirst"');
    expect(spec?.properties.tolerations).toMatchObject({ 'x-kubernetes-list-type': 'atomic' });
    expect(spec?.properties.nodeSelector).toMatchObject({ 'x-kubernetes-map-type': 'atomic' });
    expect(spec?.properties.activeDeadlineSeconds).toMatchObject({ type: 'integer', format: 'int64' });
    // A field that is a struct has no text of its own in the models.
    expect(spec?.properties.affinity?.description).toBe('Affinity is a group of affinity scheduling rules.');
    expect(schemas['io.k8s.api.core.v1.ServicePort']?.properties.targetPort).toMatchObject({
      format: 'int-or-string',
    });
    expect(schemas['io.k8s.api.core.v1.ConfigMapKeySelector']).toMatchObject({
      'x-kubernetes-map-type': 'atomic',
    });
  });

  it('says what kubectl looks up before it sends a patch', () => {
    const item = documentOf('apis/apps/v1').paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}'];
    expect(item?.patch).toMatchObject({
      'x-kubernetes-group-version-kind': { group: 'apps', version: 'v1', kind: 'Deployment' },
      parameters: expect.arrayContaining([expect.objectContaining({ name: 'fieldValidation', in: 'query' })]),
    });
    expect(JSON.stringify(item?.patch?.requestBody)).toContain('application/strategic-merge-patch+json');
    expect(documentOf('api/v1').paths).toHaveProperty('/api/v1/nodes');
  });
});

it('OpenAPI v2 has the same structs', () => {
  const { swagger, definitions } = JSON.parse(openApi.v2Document());
  expect(swagger).toBe('2.0');
  expect(JSON.stringify(definitions['io.k8s.api.core.v1.Pod'])).toContain(
    '"#/definitions/io.k8s.api.core.v1.PodSpec"',
  );
});

it('OpenAPI v2 as protobuf holds no more than its head', () => {
  expect(openApi.v2Protobuf().toString('latin1')).toBe('\n\x032.0\x12\x19\n\nKubernetes\x12\x0bunversioned');
});

describe('fieldProblems', () => {
  const problems = (object: object): unknown => openApi.fieldProblems('apps/v1', 'Deployment', object);
  const fine = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', labels: { app: 'web' }, creationTimestamp: null },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: 1 } },
      template: {
        spec: {
          containers: [{ name: 'web', image: 'nginx:1', resources: { limits: { cpu: 1, memory: '1Gi' } } }],
        },
      },
    },
  };

  it('has nothing to say about a good object, or a kind it does not know', () => {
    expect(problems(fine)).toEqual({ unknown: [], wrongType: undefined });
    expect(openApi.fieldProblems('example.com/v1', 'Deployment', { foo: 1 })).toEqual({
      unknown: [],
      wrongType: undefined,
    });
  });

  it('names every unknown field by its path', () => {
    const containers = [{ name: 'web' }, { name: 'log', imagee: 'x', env: [{ name: 'A', valeu: '1' }] }];
    expect(
      problems({ ...fine, specs: {}, spec: { replica: 1, template: { spec: { containers } } } }),
    ).toEqual({
      unknown: [
        'unknown field "spec.replica"',
        'unknown field "spec.template.spec.containers[1].imagee"',
        'unknown field "spec.template.spec.containers[1].env[0].valeu"',
        'unknown field "specs"',
      ],
      wrongType: undefined,
    });
  });

  it.each([
    [
      { spec: { replicas: '3' } },
      'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      { spec: { template: { spec: { containers: [{ env: [{ name: 'A', value: 1 }] }] } } } },
      'json: cannot unmarshal number into Go struct field EnvVar.spec.template.spec.containers.env.value of type string',
    ],
    [
      { metadata: { labels: { app: true } } },
      'json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string',
    ],
    [
      { spec: { template: { spec: { containers: {} } } } },
      'json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container',
    ],
    [
      { spec: [] },
      'json: cannot unmarshal array into Go struct field Deployment.spec of type v1.DeploymentSpec',
    ],
  ])('words a wrong type as upstream does: %j', (object, message) => {
    expect(problems(object)).toMatchObject({ wrongType: message });
  });
});

it.each([
  ['string', { kind: 'string' }],
  ['Array<V1Container>', { kind: 'list', of: { kind: 'model', name: 'V1Container' } }],
  ['{ [key: string]: Array<string>; }', { kind: 'map', of: { kind: 'list', of: { kind: 'string' } } }],
  ['V1MicroTime', { kind: 'time' }],
])('parses the type %s', (text, type) => {
  expect(parseType(text)).toEqual(type);
});
