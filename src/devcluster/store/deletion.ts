import { record, rfc3339 } from './json.ts';
import type { DeleteRequest, StoredMeta, StoredObject } from './store.ts';

/** What a DELETE does now. `next: 'remove'` shows watchers the marked object first, as the real server does. */
export type DeletionPlan =
  | { readonly action: 'keep' }
  | { readonly action: 'remove' }
  | { readonly action: 'mark'; readonly object: StoredObject; readonly next: 'wait' | 'remove' };

/**
 * k8s.io/apiserver pkg/registry/rest/delete.go BeforeDelete and registry/store.go. `grace` is the period in seconds for
 * kinds that are deleted gracefully, undefined for the others.
 */
export function planDeletion(
  live: Readonly<StoredObject>,
  request: DeleteRequest,
  grace: number | undefined,
  now: number,
): DeletionPlan {
  const meta: StoredMeta = { ...live.metadata };
  const first = meta.deletionTimestamp === undefined;
  let graceful = false;
  if (grace !== undefined) {
    const pending = meta.deletionGracePeriodSeconds ?? 0;
    if (first) {
      meta.deletionTimestamp = rfc3339(now + grace * 1000);
      meta.deletionGracePeriodSeconds = grace;
      graceful = true;
    } else if (pending > 0) {
      const shorter = request.gracePeriodSeconds;
      if (shorter === undefined || shorter >= pending) return { action: 'keep' };
      const began = Date.parse(meta.deletionTimestamp ?? '') - pending * 1000;
      meta.deletionTimestamp = rfc3339(began + Math.max(0, shorter) * 1000);
      meta.deletionGracePeriodSeconds = Math.max(0, shorter);
      graceful = true;
    }
  }
  meta.finalizers = finalizersFor(meta.finalizers ?? [], request.propagationPolicy);
  if (meta.finalizers.length === 0) delete meta.finalizers;
  const held = isHeld({ ...live, metadata: meta });
  if (!graceful && !held) return { action: 'remove' };
  if (!graceful) {
    meta.deletionTimestamp ??= rfc3339(now);
    meta.deletionGracePeriodSeconds = 0;
  }
  if (first && meta.generation !== undefined) meta.generation += 1;
  const gone = graceful && !held && meta.deletionGracePeriodSeconds === 0;
  return { action: 'mark', object: { ...live, metadata: meta }, next: gone ? 'remove' : 'wait' };
}

/** Has an update taken away the last thing that kept a deleted object? */
export function isReleased(object: Readonly<StoredObject>): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds } = object.metadata;
  return deletionTimestamp !== undefined && (deletionGracePeriodSeconds ?? 0) === 0 && !isHeld(object);
}

/** Finalizers in metadata, and those a Namespace has in its spec. */
function isHeld(object: Readonly<StoredObject>): boolean {
  if ((object.metadata.finalizers ?? []).length > 0) return true;
  const inSpec = object.kind === 'Namespace' ? record(object.spec).finalizers : undefined;
  return Array.isArray(inSpec) && inSpec.length > 0;
}

function finalizersFor(current: readonly string[], policy: DeleteRequest['propagationPolicy']): string[] {
  if (policy === undefined) return [...current];
  const others = current.filter((name) => name !== 'orphan' && name !== 'foregroundDeletion');
  if (policy === 'Orphan') return [...others, 'orphan'];
  return policy === 'Foreground' ? [...others, 'foregroundDeletion'] : others;
}
