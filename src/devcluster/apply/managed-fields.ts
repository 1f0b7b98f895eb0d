import { isFields } from './elements.ts';
import { type FieldSet, isEmpty, sorted, without } from './field-set.ts';

/** One entry of `metadata.managedFields`. */
export interface ManagedFieldsEntry {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly time?: string;
  readonly fieldsType: 'FieldsV1';
  readonly fieldsV1: FieldSet;
  readonly subresource?: string;
}

/** Fields that the server decides; nobody owns them. */
const unowned = [
  ['f:apiVersion'],
  ['f:kind'],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'generation',
    'managedFields',
    'resourceVersion',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
  ].map((field) => ['f:metadata', `f:${field}`]),
  ['f:metadata', '.'],
];

export function strip(set: FieldSet): FieldSet {
  return without(set, unowned);
}

/** What can be read of an object's managedFields; entries that are not ours to understand are left out. */
export function readManagedFields(value: unknown): ManagedFieldsEntry[] {
  return Array.isArray(value) ? value.filter(isEntry) : [];
}

function isEntry(value: unknown): value is ManagedFieldsEntry {
  if (!isFields(value)) return false;
  const { manager, operation, apiVersion, fieldsV1 } = value;
  return (
    typeof manager === 'string' &&
    (operation === 'Apply' || operation === 'Update') &&
    typeof apiVersion === 'string' &&
    isFields(fieldsV1)
  );
}

/** A client clears the ownership of an object by writing one empty entry. */
export function isReset(value: unknown): boolean {
  return (
    Array.isArray(value) && value.length === 1 && isFields(value[0]) && Object.keys(value[0]).length === 0
  );
}

/** Who is who: an applier is one whatever version it applies, an updater one for each version. */
export function isSameManager(
  a: ManagedFieldsEntry,
  b: Pick<ManagedFieldsEntry, 'manager' | 'operation' | 'apiVersion' | 'subresource'>,
): boolean {
  return (
    a.manager === b.manager &&
    a.operation === b.operation &&
    (a.subresource ?? '') === (b.subresource ?? '') &&
    (a.operation === 'Apply' || a.apiVersion === b.apiVersion)
  );
}

/** Drops who owns nothing and puts the rest in upstream's order: appliers first, then by time and name. */
export function writeManagedFields(entries: readonly ManagedFieldsEntry[]): ManagedFieldsEntry[] {
  return entries
    .filter((entry) => !isEmpty(entry.fieldsV1))
    .map((entry) => ({ ...entry, fieldsV1: sorted(entry.fieldsV1) }))
    .sort((a, b) => compareText(orderOf(a), orderOf(b)));
}

function orderOf(entry: ManagedFieldsEntry): string {
  const { operation, time = '', manager, apiVersion, subresource = '' } = entry;
  return [operation, time, manager, apiVersion, subresource].join('\0');
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
