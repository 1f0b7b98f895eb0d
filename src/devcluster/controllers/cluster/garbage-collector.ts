import { withOwners } from '../core/claim.ts';
import type { Context } from '../core/controller.ts';
import type { AnyObject } from '../core/kinds.ts';
import { isDeleting, type OwnerReference, withoutFinalizer } from '../core/objects.ts';
import { WorkQueue } from '../core/work-queue.ts';
import { applyWrites, type Write } from '../core/writes.ts';
import type { AllObjects } from './all-objects.ts';

const name = 'garbage-collector';
const foreground = 'foregroundDeletion';
const orphan = 'orphan';

/** Deletes what lost its last owner, and carries out foreground and orphan deletion (pkg/controller/garbagecollector). */
export function startGarbageCollector(context: Context, objects: AllObjects): void {
  const queue = new WorkQueue({
    ...context,
    name,
    sync: (uid) => {
      const object = objects.byUid(uid);
      if (object !== undefined) applyWrites(context, name, planCollection(object, objects));
      // Its dependents may have become deletable: they look at their owners themselves.
      if (object !== undefined && isWaiting(object))
        for (const dependent of objects.ownedBy(uid)) queue.add(dependent.metadata.uid);
      return undefined;
    },
  });
  const consider = (object: AnyObject): void => {
    if (object.metadata.ownerReferences !== undefined || isDeleting(object)) queue.add(object.metadata.uid);
  };
  for (const object of objects.all()) consider(object);
  objects.subscribe(({ type, object, previous }) => {
    for (const owner of (previous ?? object).metadata.ownerReferences ?? []) {
      const isLet =
        type === 'DELETED' || !object.metadata.ownerReferences?.some(({ uid }) => uid === owner.uid);
      if (isLet) queue.add(owner.uid);
    }
    if (type !== 'DELETED') consider(object);
    else for (const dependent of objects.ownedBy(object.metadata.uid)) queue.add(dependent.metadata.uid);
  });
}

/** What to do about one object, given everything else. */
function planCollection(object: AnyObject, objects: AllObjects): Write[] {
  const kind = objects.kindOf(object);
  if (kind === undefined) return [];
  const dependents = objects.ownedBy(object.metadata.uid);
  if (isDeleting(object) && hasFinalizer(object, orphan)) {
    const freed = dependents.flatMap((dependent) => withoutOwners(dependent, objects, [object.metadata.uid]));
    return [...freed, { op: 'update', kind, object: withoutFinalizer(object, orphan) }];
  }
  if (isWaiting(object)) {
    const blocking = dependents.filter(({ metadata }) =>
      metadata.ownerReferences?.some(
        ({ uid, blockOwnerDeletion }) => uid === object.metadata.uid && blockOwnerDeletion,
      ),
    );
    return blocking.length > 0 ? [] : [{ op: 'update', kind, object: withoutFinalizer(object, foreground) }];
  }
  const owners = object.metadata.ownerReferences ?? [];
  if (owners.length === 0 || isDeleting(object)) return [];
  const states = owners.map((owner) => ({ owner, state: ownerState(owner, object, objects) }));
  const lost = states.filter(({ state }) => state !== 'solid').map(({ owner }) => owner.uid);
  if (lost.length === 0) return [];
  if (lost.length < owners.length) return withoutOwners(object, objects, lost);
  const isAwaited = states.some(({ state }) => state === 'waiting') && dependents.length > 0;
  const propagationPolicy = isAwaited ? 'Foreground' : 'Background';
  return [{ op: 'delete', kind, object, request: { propagationPolicy } }];
}

/** An owner of a kind that is not served here may well exist: it counts as solid. */
function ownerState(
  reference: OwnerReference,
  object: AnyObject,
  objects: AllObjects,
): 'solid' | 'waiting' | 'absent' {
  if (objects.kindOf(reference) === undefined) return 'solid';
  const owner = objects.byUid(reference.uid);
  const isReachable =
    owner !== undefined &&
    owner.metadata.name === reference.name &&
    (owner.metadata.namespace === undefined || owner.metadata.namespace === object.metadata.namespace);
  if (!isReachable) return 'absent';
  return isWaiting(owner) ? 'waiting' : 'solid';
}

function isWaiting(object: AnyObject): boolean {
  return isDeleting(object) && hasFinalizer(object, foreground);
}

function hasFinalizer({ metadata }: AnyObject, finalizer: string): boolean {
  return metadata.finalizers?.includes(finalizer) === true;
}

function withoutOwners(object: AnyObject, objects: AllObjects, uids: readonly string[]): Write[] {
  const kind = objects.kindOf(object);
  const kept = (object.metadata.ownerReferences ?? []).filter(({ uid }) => !uids.includes(uid));
  return kind === undefined ? [] : [{ op: 'update', kind, object: withOwners(object, kept) }];
}
