import { isDeepStrictEqual } from 'node:util';
import { type FieldRule, objectRule } from '../schema/list-keys.ts';
import { badRequest } from '../store/api-error.ts';
import { rfc3339 } from '../store/json.ts';
import type { StoredObject } from '../store/store.ts';
import { checkConfiguration } from './check-configuration.ts';
import { compare, fieldsOf } from './compare.ts';
import { conflictError } from './conflict.ts';
import { isAbsent, isFields } from './elements.ts';
import { difference, equal, type FieldSet, intersection, isEmpty, union } from './field-set.ts';
import {
  isSameManager,
  type ManagedFieldsEntry,
  readManagedFields,
  strip,
  writeManagedFields,
} from './managed-fields.ts';
import { merge, prune } from './merge.ts';
import { withManagedFields } from './with-managed-fields.ts';

export interface ApplyRequest {
  /** Absent = the apply creates the object. */
  readonly live: Readonly<StoredObject> | undefined;
  /** The applied configuration, parsed. */
  readonly patch: object;
  readonly manager: string;
  /** Take fields from their owners instead of failing. */
  readonly force: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** `status`: only the status is applied. Absent: everything but the status is. */
  readonly subresource?: string | undefined;
}

/**
 * Server-side apply: the configuration laid over the live object, without what this manager applied before, applies no
 * longer and nobody else owns. Applying the same again returns an object equal to the live one.
 * @throws ApiError 409 with a cause for each field that another manager owns with another value, 400 for a
 * configuration that cannot be applied
 * @see sigs.k8s.io/structured-merge-diff, merge/update.go
 */
export function applyPatch(request: ApplyRequest): StoredObject {
  const { manager, now } = request;
  const configuration = asConfiguration(request.patch, request.subresource);
  const rule = objectRule(configuration.apiVersion, configuration.kind);
  checkConfiguration(configuration, rule);
  const live = request.live ?? emptyOf(configuration);
  const entries = ownersOf(request.live, rule);
  const applier: Omit<ManagedFieldsEntry, 'time'> = {
    manager,
    operation: 'Apply',
    apiVersion: configuration.apiVersion,
    fieldsType: 'FieldsV1',
    fieldsV1: strip(fieldsOf(configuration, rule)),
    ...(request.subresource === undefined ? {} : { subresource: request.subresource }),
  };
  const last = entries.find((entry) => isSameManager(entry, applier));
  const others = entries.filter((entry) => entry !== last);

  const owned = others.reduce((all, entry) => union(all, entry.fieldsV1), applier.fieldsV1);
  const merged = merge(live, configuration, rule);
  const applied = asObject(prune(merged, last?.fieldsV1 ?? {}, withIdentity(owned), rule));
  const remaining = withoutTaken(others, live, applied, rule, request.force);

  const result = manager === 'kubectl' ? withLastApplied(applied, configuration) : applied;
  const isSame =
    last !== undefined && equal(last.fieldsV1, applier.fieldsV1) && isDeepStrictEqual(live, result);
  const time = isSame ? last.time : rfc3339(now);
  const mine = { ...applier, ...(time === undefined ? {} : { time }) };
  return withManagedFields(result, writeManagedFields([...remaining, mine]));
}

/** The others' entries without the fields that this apply changes. */
function withoutTaken(
  others: readonly ManagedFieldsEntry[],
  live: object,
  applied: object,
  rule: FieldRule,
  force: boolean,
): ManagedFieldsEntry[] {
  const changes = compare(live, applied, rule);
  const changed = strip(union(changes.modified, changes.added));
  const conflicts = others
    .map((entry) => ({ entry, fields: intersection(entry.fieldsV1, changed) }))
    .filter(({ fields }) => !isEmpty(fields));
  if (!force && conflicts.length > 0) throw conflictError(conflicts);
  // Nothing that another owns is ever removed by an apply: prune() keeps it.
  return others.map((entry) => ({ ...entry, fieldsV1: difference(entry.fieldsV1, changed) }));
}

/** An object that nobody tracked belongs to whoever came before the first apply. */
function ownersOf(live: Readonly<StoredObject> | undefined, rule: FieldRule): ManagedFieldsEntry[] {
  if (live === undefined) return [];
  const entries = readManagedFields(live.metadata.managedFields);
  if (entries.length > 0) return entries;
  return [
    {
      manager: 'before-first-apply',
      operation: 'Update',
      apiVersion: live.apiVersion,
      time: live.metadata.creationTimestamp,
      fieldsType: 'FieldsV1',
      fieldsV1: strip(compare({}, live, rule).added),
    },
  ];
}

/** The metadata stay, whoever gives up what in them: the name is nobody's. */
function withIdentity(owned: FieldSet): FieldSet {
  return union(owned, { 'f:metadata': { 'f:name': {} } });
}

interface Configuration extends Readonly<Record<string, unknown>> {
  readonly apiVersion: string;
  readonly kind: string;
}

function asConfiguration(patch: object, subresource: string | undefined): Configuration {
  const { apiVersion, kind, ...rest } = patch as Record<string, unknown>;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string')
    throw badRequest('an applied configuration must have apiVersion and kind');
  const metadata = isFields(rest.metadata) ? rest.metadata : {};
  if (!isAbsent(metadata.managedFields)) throw badRequest('metadata.managedFields must be nil');
  const { status, ...desired } = rest;
  if (subresource !== 'status') return { apiVersion, kind, ...desired };
  const { name, namespace } = metadata;
  return { apiVersion, kind, metadata: { name, namespace }, ...(isAbsent(status) ? {} : { status }) };
}

function emptyOf(configuration: Configuration): object {
  return { apiVersion: configuration.apiVersion, kind: configuration.kind, metadata: {} };
}

function asObject(value: unknown): StoredObject {
  return value as StoredObject;
}

const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

/** Where client-side apply left its note, server-side apply by kubectl keeps it true: a user may go back. */
function withLastApplied(object: StoredObject, configuration: Configuration): StoredObject {
  const annotations = object.metadata.annotations ?? {};
  if (!(lastAppliedAnnotation in annotations)) return object;
  const text = `${JSON.stringify(configuration)}\n`;
  return {
    ...object,
    metadata: { ...object.metadata, annotations: { ...annotations, [lastAppliedAnnotation]: text } },
  };
}
