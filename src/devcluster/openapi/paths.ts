import type { ServedResource } from '../store/resource-table.ts';

const queryParameters = ['dryRun', 'fieldManager', 'fieldValidation', 'pretty'].map((name) => ({
  name,
  in: 'query',
  schema: { type: 'string', uniqueItems: true },
}));
const force = { name: 'force', in: 'query', schema: { type: 'boolean', uniqueItems: true } };

const patchTypes = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

/** The verbs of a collection and of a single object, by HTTP method. */
const methods: Readonly<Record<'collection' | 'object', Readonly<Record<string, string>>>> = {
  collection: { list: 'get', create: 'post', deletecollection: 'delete' },
  object: { get: 'get', update: 'put', patch: 'patch', delete: 'delete' },
};

/**
 * The operations of a resource: as much as clients look up. kubectl asks whether PATCH of a kind takes
 * `fieldValidation`, `dryRun` and strategic merge, and finds the kind of a resource by its path (explain).
 */
export function pathsOf(resource: ServedResource): Record<string, unknown> {
  const { group, version, plural, namespaced } = resource;
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const collection = namespaced ? `${root}/namespaces/{namespace}/${plural}` : `${root}/${plural}`;
  return Object.fromEntries(
    [
      [collection, operations(resource, 'collection')] as const,
      [`${collection}/{name}`, operations(resource, 'object')] as const,
    ].filter(([, item]) => Object.keys(item).length > 0),
  );
}

function operations(resource: ServedResource, on: 'collection' | 'object'): Record<string, unknown> {
  const { group, version, kind } = resource;
  const served = Object.entries(methods[on]).filter(([verb]) => resource.verbs.includes(verb));
  return Object.fromEntries(
    served.map(([verb, method]) => [
      method,
      {
        'x-kubernetes-action': verb,
        'x-kubernetes-group-version-kind': { group, version, kind },
        responses: { 200: { description: 'OK' } },
        ...(['create', 'update', 'patch'].includes(verb) ? { parameters: queryParameters } : {}),
        ...(verb === 'patch' ? patchOperation : {}),
      },
    ]),
  );
}

const patchOperation = {
  parameters: [...queryParameters, force],
  requestBody: {
    required: true,
    content: Object.fromEntries(patchTypes.map((type) => [type, { schema: { type: 'object' } }])),
  },
};
