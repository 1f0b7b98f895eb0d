import { isDeepStrictEqual } from 'node:util';
import type { StoredMeta } from '../../store/store.ts';
import type { AnyObject, Kind } from './kinds.ts';

/** A time as metav1.Time has it: RFC 3339, whole seconds, UTC. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

export function keyOf(object: { readonly metadata: StoredMeta }): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

export function splitKey(key: string): { readonly namespace: string | undefined; readonly name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash) || undefined, name: key.slice(slash + 1) };
}

export type OwnerReference = NonNullable<StoredMeta['ownerReferences']>[number];

export function controllerOf(object: { readonly metadata: StoredMeta }): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true);
}

export function isControlledBy(object: { readonly metadata: StoredMeta }, owner: AnyObject): boolean {
  return controllerOf(object)?.uid === owner.metadata.uid;
}

export function controllerReference(owner: AnyObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

export function isDeleting(object: { readonly metadata: StoredMeta }): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

export function typeMeta(kind: Kind<unknown>): { readonly apiVersion: string; readonly kind: string } {
  return { apiVersion: kind.apiVersion, kind: kind.kind };
}

/** Leaves out what Go's `omitempty` leaves out: undefined, 0, '' and empty lists. */
export function omitEmpty<T extends object>(fields: { readonly [Key in keyof T]: T[Key] | undefined }): T {
  const kept = Object.entries(fields).filter(
    ([, value]) =>
      value !== undefined && value !== 0 && value !== '' && !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(kept) as T;
}

export function withoutFinalizer<T extends { readonly metadata: StoredMeta }>(
  object: T,
  finalizer: string,
): T {
  const finalizers = (object.metadata.finalizers ?? []).filter((name) => name !== finalizer);
  return { ...object, metadata: { ...object.metadata, finalizers } };
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

/** Puts a condition in, keeping its transition time while the status stays. */
export function withCondition<C extends Condition>(conditions: readonly C[], wanted: C): C[] {
  const current = conditions.find(({ type }) => type === wanted.type);
  if (current === undefined) return [...conditions, wanted];
  const kept =
    current.status === wanted.status && current.lastTransitionTime !== undefined
      ? { ...wanted, lastTransitionTime: current.lastTransitionTime }
      : wanted;
  return isDeepStrictEqual(current, kept)
    ? [...conditions]
    : conditions.map((condition) => (condition === current ? kept : condition));
}

/** The value of an IntOrString against a total; a percentage is rounded as asked (apimachinery GetScaledValueFromIntOrPercent). */
export function scaled(value: number | string, total: number, round: 'up' | 'down'): number {
  if (typeof value === 'number') return value;
  const exact = (Number.parseInt(value, 10) * total) / 100;
  return round === 'up' ? Math.ceil(exact) : Math.floor(exact);
}
