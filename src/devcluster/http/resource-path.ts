import { badRequest } from '../store/api-error.ts';
import { type ServedResource, servedResources } from '../store/resource-table.ts';
import type { Call } from './exchange.ts';

export type ResourcePath = Pick<Call, 'resource' | 'namespace' | 'name' | 'subresource' | 'rest'>;

const byPath: ReadonlyMap<string, ServedResource> = new Map(
  servedResources.map((resource) => [`${resource.group}/${resource.version}/${resource.plural}`, resource]),
);

/**
 * `/api/v1/...` and `/apis/GROUP/VERSION/...` as `[namespaces/NS/]RESOURCE[/NAME[/SUBRESOURCE[/...]]]`; undefined when
 * nothing is served there.
 */
export function parseResourcePath(path: string): ResourcePath | undefined {
  const segments = path.split('/').slice(1);
  const core = segments[0] === 'api';
  if (!core && segments[0] !== 'apis') return undefined;
  const [group = '', version = ''] = core ? ['', segments[1]] : [segments[1], segments[2]];
  let rest = segments.slice(core ? 2 : 3);
  let namespace: string | undefined;
  // Below a namespace are its resources, unless what stands there belongs to the Namespace itself.
  if (rest[0] === 'namespaces' && rest[2] && !['status', 'finalize'].includes(rest[2])) {
    namespace = decode(rest[1]);
    rest = rest.slice(2);
  }
  const [plural = '', name, subresource, ...tail] = rest;
  const resource = byPath.get(`${group}/${version}/${plural}`);
  if (resource === undefined || (namespace !== undefined && !resource.namespaced)) return undefined;
  if (resource.namespaced && name && namespace === undefined) return undefined;
  return {
    resource,
    namespace,
    name: name ? decode(name) : undefined,
    subresource: subresource || undefined,
    rest: tail.length > 0 ? `/${tail.join('/')}` : '',
  };
}

function decode(segment: string | undefined): string {
  try {
    return decodeURIComponent(segment ?? '');
  } catch {
    throw badRequest(`the path segment ${JSON.stringify(segment)} is not properly escaped`);
  }
}
