import type { Selection } from './client.ts';
import type { Resource } from './resources.ts';
import type { KubeObject } from './types.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

const methods = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
} as const satisfies Record<Verb, string>;

export type QueryValue = string | number | boolean | undefined;

/** What a call is about, before it becomes HTTP. */
export interface ApiCall {
  readonly verb: Verb;
  readonly resource: Resource<KubeObject>;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
  readonly query?: Readonly<Record<string, QueryValue>>;
  readonly body?: string;
  readonly contentType?: string;
}

export function methodOf(call: ApiCall): (typeof methods)[Verb] {
  return methods[call.verb];
}

/** For messages: `patch pods/status default/web-0`. */
export function describeCall({ verb, resource, subresource, namespace, name }: ApiCall): string {
  const what = subresource === undefined ? resource.plural : `${resource.plural}/${subresource}`;
  const which = [namespace, name].filter((part) => part !== undefined).join('/');
  return which === '' ? `${verb} ${what}` : `${verb} ${what} ${which}`;
}

/**
 * The path and query. An empty name or namespace would turn a call on one object into one on a whole collection
 * (DELETE of a collection deletes everything in it), so both are refused here.
 */
export function pathOf(call: ApiCall, prefix: string): string {
  const { resource, namespace, name, subresource } = call;
  const parts =
    resource.group === '' ? ['api', resource.version] : ['apis', resource.group, resource.version];
  if (resource.namespaced && namespace !== undefined)
    parts.push('namespaces', nonEmpty(namespace, 'namespace', call));
  parts.push(resource.plural);
  if (name !== undefined) parts.push(nonEmpty(name, 'name', call));
  if (subresource !== undefined) parts.push(nonEmpty(subresource, 'subresource', call));
  if (resource.namespaced && namespace === undefined && (name !== undefined || call.verb === 'create'))
    throw new TypeError(`${describeCall(call)}: ${resource.kind} is namespaced, but no namespace was given`);
  return `${prefix}/${parts.map(encodeURIComponent).join('/')}${queryString(call.query)}`;
}

export function selectionQuery({ labelSelector, fieldSelector }: Selection): Record<string, QueryValue> {
  return { labelSelector, fieldSelector };
}

function nonEmpty(value: string, field: string, call: ApiCall): string {
  if (value === '' || value === '.' || value === '..')
    throw new TypeError(
      `${call.verb} ${call.resource.plural}: ${JSON.stringify(value)} is no ${field} of an object`,
    );
  return value;
}

function queryString(query: ApiCall['query']): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {}))
    if (value !== undefined) params.set(key, String(value));
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}
