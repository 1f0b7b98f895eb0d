import { badRequest, conflict } from './api-error.ts';
import { isRecord } from './json.ts';
import type { ServedResource } from './resource-table.ts';
import type { DeleteRequest, StoredMeta, StoredObject } from './store.ts';

/**
 * How a write reaches an object. None: all but the status. `status`: the status; `finalize`, `ephemeralcontainers`:
 * the spec, as the caller has restricted it; `binding`: what the caller has set in both. Labels, annotations and
 * finalizers always.
 */
export type Subresource = 'status' | 'finalize' | 'binding' | 'ephemeralcontainers';

const serverOwned = [
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'generation',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
];

/** A copy as it would arrive over the wire: nothing shared, nothing undefined. */
export function throughJson(object: object): object {
  return JSON.parse(JSON.stringify(object)) as object;
}

/** The input as an object with metadata of its own that may be changed. */
export function asStored(object: object, served: ServedResource): StoredObject {
  const given: { metadata?: unknown } = object;
  if (!isRecord(given.metadata)) throw badRequest('metadata is missing');
  // The rest of what StoredObject promises is checked or set by the caller.
  const stored = {
    ...object,
    apiVersion: served.group === '' ? served.version : `${served.group}/${served.version}`,
    kind: served.kind,
    metadata: { ...given.metadata },
  } as StoredObject;
  for (const field of ['labels', 'annotations', 'finalizers', 'ownerReferences']) {
    const value = stored.metadata[field];
    if (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
      delete stored.metadata[field];
  }
  return stored;
}

/** Takes from `wanted` what this way of writing may change, and the rest from `live`. */
export function merge(
  wanted: StoredObject,
  live: Readonly<StoredObject>,
  subresource: Subresource | undefined,
): StoredObject {
  const metadata: StoredMeta = { ...wanted.metadata };
  for (const field of serverOwned) {
    if (live.metadata[field] === undefined) delete metadata[field];
    else metadata[field] = live.metadata[field];
  }
  if (subresource === 'binding') return { ...wanted, metadata };
  const [base, part, source] =
    subresource === undefined
      ? ([wanted, 'status', live] as const)
      : ([live, subresource === 'status' ? 'status' : 'spec', wanted] as const);
  const next: StoredObject = { ...base, metadata };
  if (source[part] === undefined) delete next[part];
  else next[part] = source[part];
  return next;
}

export function requireSame(
  served: ServedResource,
  live: Readonly<StoredObject>,
  wanted: StoredObject,
): void {
  const { uid, resourceVersion, name } = wanted.metadata;
  if (uid !== undefined && uid !== '' && uid !== live.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${live.metadata.uid}`;
    throw conflict(served.id, name, why);
  }
  const given = resourceVersion ?? '';
  if (given !== '' && given !== '0' && given !== live.metadata.resourceVersion) {
    throw conflict(
      served.id,
      name,
      'the object has been modified; please apply your changes to the latest version and try again',
    );
  }
}

export function requirePreconditions(
  served: ServedResource,
  live: Readonly<StoredObject>,
  request: DeleteRequest,
): void {
  const { uid, resourceVersion, name } = live.metadata;
  if (request.uid !== undefined && request.uid !== uid) {
    const why = `the UID in the precondition (${request.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`;
    throw conflict(served.id, name, why);
  }
  if (request.resourceVersion !== undefined && request.resourceVersion !== resourceVersion) {
    const why = `the ResourceVersion in the precondition (${request.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`;
    throw conflict(served.id, name, why);
  }
}
