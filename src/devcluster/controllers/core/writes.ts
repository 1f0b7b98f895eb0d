import { isDeepStrictEqual } from 'node:util';
import type { DeleteRequest } from '../../store/store.ts';
import type { AnyKind, AnyObject, Kind } from './kinds.ts';
import type { Recorder } from './recorder.ts';
import type { TypedStore } from './typed-store.ts';
import { describe } from './work-queue.ts';

/** Whose Events tell of a write. `wording` is for controllers that say it their own way. */
interface Announced {
  readonly announce?: AnyObject;
  readonly wording?: string;
}

/** What a planner wants done. Planners are pure; `applyWrites` is where things happen. */
export type Write =
  | ({ readonly op: 'create'; readonly kind: AnyKind; readonly object: object } & Announced)
  | ({
      readonly op: 'delete';
      readonly kind: AnyKind;
      readonly object: AnyObject;
      readonly request?: DeleteRequest;
    } & Announced)
  | { readonly op: 'update'; readonly kind: AnyKind; readonly object: AnyObject }
  | { readonly op: 'status'; readonly kind: AnyKind; readonly object: AnyObject; readonly status: object }
  | {
      readonly op: 'event';
      readonly about: AnyObject;
      readonly type: 'Normal' | 'Warning';
      readonly reason: string;
      readonly message: string;
    };

/** No write where nothing changes: a status that is written only on change cannot wake its own controller for ever. */
export function statusWrite<T extends AnyObject & { readonly status?: unknown }>(
  kind: Kind<T>,
  object: T,
  status: NonNullable<T['status']> & object,
): Write[] {
  if (isDeepStrictEqual(object.status ?? {}, status)) return [];
  return [{ op: 'status', kind, object, status }];
}

export function event(about: AnyObject, type: 'Normal' | 'Warning', reason: string, message: string): Write {
  return { op: 'event', about, type, reason, message };
}

export interface WriteDeps {
  readonly store: TypedStore;
  readonly recorder: Recorder;
}

/**
 * Carries the writes out in order and stops at the first that fails: the sync is then tried again from the new state.
 * The store is synchronous, so nothing can come between reading, planning and writing: no version precondition is
 * needed, and one sync may write to the same object twice.
 */
export function applyWrites(
  { store, recorder }: WriteDeps,
  component: string,
  writes: readonly Write[],
): void {
  for (const write of writes) {
    if (write.op === 'create') {
      const { announce, wording } = write;
      try {
        const { kind, metadata } = store.create(write.kind, write.object);
        const message = wording ? `${wording} successful` : `Created ${kind.toLowerCase()}: ${metadata.name}`;
        if (announce) recorder.event(component, announce, 'Normal', 'SuccessfulCreate', message);
      } catch (error) {
        const message = `${wording ? `${wording} failed error` : 'Error creating'}: ${describe(error)}`;
        if (announce) recorder.event(component, announce, 'Warning', 'FailedCreate', message);
        throw error;
      }
    } else if (write.op === 'delete') {
      const { announce, wording, object } = write;
      const { namespace, name, uid } = object.metadata;
      store.delete(write.kind, namespace, name, { ...write.request, uid });
      const message = wording ? `${wording} successful` : `Deleted ${object.kind.toLowerCase()}: ${name}`;
      if (announce) recorder.event(component, announce, 'Normal', 'SuccessfulDelete', message);
    } else if (write.op === 'event') {
      recorder.event(component, write.about, write.type, write.reason, write.message);
    } else if (write.op === 'status') {
      // On top of what is stored: an earlier write of the same sync may have changed the metadata.
      const { namespace, name, uid } = write.object.metadata;
      const stored = store.get(write.kind, namespace, name);
      if (stored?.metadata.uid === uid)
        store.update(write.kind, { ...stored, status: write.status }, 'status');
    } else {
      const { resourceVersion: _version, ...metadata } = write.object.metadata;
      store.update(write.kind, { ...write.object, metadata });
    }
  }
}
