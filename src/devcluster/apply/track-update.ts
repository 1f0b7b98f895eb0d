import { objectRule } from '../schema/list-keys.ts';
import { rfc3339 } from '../store/json.ts';
import type { StoredObject } from '../store/store.ts';
import { type Comparison, compare } from './compare.ts';
import { difference, isEmpty, union } from './field-set.ts';
import {
  isReset,
  isSameManager,
  type ManagedFieldsEntry,
  readManagedFields,
  strip,
  writeManagedFields,
} from './managed-fields.ts';
import { withManagedFields } from './with-managed-fields.ts';

export interface TrackUpdateRequest {
  /** Absent on create. */
  readonly before?: Readonly<StoredObject> | undefined;
  readonly after: Readonly<StoredObject>;
  readonly manager: string;
  readonly operation: 'Update';
  /** `status`, `scale`, ... ; absent for the object itself. */
  readonly subresource?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * The object after a write that is not an apply, its `managedFields` brought up to date: what the write changed is the
 * writer's alone, what it removed is nobody's. Nothing changed, nothing written: the entries (and their times) stay.
 * An object that was never tracked stays so until someone applies to it; its creation is tracked.
 * A writer may set `managedFields` itself (kubectl does when it moves to server-side apply); `[{}]` clears them.
 * The given objects are not changed; parts of them are shared.
 */
export function trackUpdate(request: TrackUpdateRequest): StoredObject {
  const { before, after } = request;
  const given = after.metadata.managedFields;
  if (isReset(given)) return withManagedFields(after, []);
  const written = readManagedFields(given);
  const entries = written.length > 0 ? written : readManagedFields(before?.metadata.managedFields);
  if (before !== undefined && entries.length === 0) return withManagedFields(after, []);
  const changes = compare(before ?? {}, after, objectRule(after.apiVersion, after.kind));
  return withManagedFields(after, writeManagedFields(takeOver(entries, changes, request)));
}

function takeOver(
  entries: readonly ManagedFieldsEntry[],
  changes: Comparison,
  request: TrackUpdateRequest,
): ManagedFieldsEntry[] {
  const taken = strip(union(changes.added, changes.modified));
  const gone = union(taken, changes.removed);
  if (isEmpty(gone)) return [...entries];
  const writer = {
    manager: request.manager,
    operation: request.operation,
    apiVersion: request.after.apiVersion,
    ...(request.subresource === undefined ? {} : { subresource: request.subresource }),
  };
  const mine = entries.find((entry) => isSameManager(entry, writer));
  const others = entries
    .filter((entry) => entry !== mine)
    .map((entry) => ({ ...entry, fieldsV1: difference(entry.fieldsV1, gone) }));
  const kept = mine === undefined ? {} : difference(mine.fieldsV1, changes.removed);
  if (isEmpty(taken)) return mine === undefined ? others : [...others, { ...mine, fieldsV1: kept }];
  const time = rfc3339(request.now);
  return [...others, { ...writer, time, fieldsType: 'FieldsV1', fieldsV1: union(kept, taken) }];
}
