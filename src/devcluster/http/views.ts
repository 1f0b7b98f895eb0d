import { type Json, record } from '../store/json.ts';
import type { ServedResource } from '../store/resource-table.ts';
import type { StoredObject } from '../store/store.ts';

/** Core fields of an Event and their names in events.k8s.io/v1: two views of one object. */
const eventFields = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
] as const;

/** Is the resource shown other than it is stored? */
export function isView(resource: ServedResource): boolean {
  return resource.storedAs !== resource.id;
}

/** The stored object as the resource shows it. */
export function shown(resource: ServedResource, object: Readonly<StoredObject>): Readonly<StoredObject> {
  if (!isView(resource)) return object;
  const view: StoredObject = { ...object, apiVersion: `${resource.group}/${resource.version}` };
  for (const [stored, name] of eventFields) rename(view, stored, name);
  return view;
}

/** What a client of the resource sent, as it is stored. */
export function storable(resource: ServedResource, object: Json): Json {
  if (!isView(resource)) return object;
  const stored: Json = { ...object };
  for (const [name, view] of eventFields) rename(stored, view, name);
  const { namespace } = record(stored.metadata);
  stored.involvedObject ??= { namespace };
  return stored;
}

function rename(object: Json, from: string, to: string): void {
  if (object[from] === undefined) return;
  object[to] = object[from];
  delete object[from];
}
