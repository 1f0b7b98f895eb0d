import type { StoredObject } from '../store/store.ts';
import type { ManagedFieldsEntry } from './managed-fields.ts';

/** A copy of the object with these entries; none = no field at all. */
export function withManagedFields(
  object: Readonly<StoredObject>,
  entries: readonly ManagedFieldsEntry[],
): StoredObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return {
    ...object,
    metadata: { ...metadata, ...(entries.length > 0 ? { managedFields: entries } : {}) },
  };
}
