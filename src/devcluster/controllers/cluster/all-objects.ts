import { isStored, servedResources } from '../../store/resource-table.ts';
import type { AnyKind, AnyObject } from '../core/kinds.ts';
import { ObjectIndex } from '../core/object-index.ts';
import type { Change, TypedStore } from '../core/typed-store.ts';

/** Events own nothing and are owned by nothing; there are many. */
const kindsOfAll: readonly AnyKind[] = servedResources
  .filter((served) => isStored(served) && served.storedAs === served.id && served.kind !== 'Event')
  .map(({ group, version, kind, id }) => ({
    apiVersion: group === '' ? version : `${group}/${version}`,
    kind,
    resource: id,
  }));

/** Every object of the cluster but Events, by UID, by owner and by namespace. */
export class AllObjects {
  readonly #store: TypedStore;
  readonly #signal: AbortSignal;
  readonly #kinds = new Map(kindsOfAll.map((kind) => [`${kind.apiVersion} ${kind.kind}`, kind]));
  readonly #index = new ObjectIndex<AnyObject>(({ metadata }) => [
    `uid/${metadata.uid}`,
    `in/${metadata.namespace ?? ''}`,
    ...(metadata.ownerReferences ?? []).map(({ uid }) => `of/${uid}`),
  ]);

  constructor(store: TypedStore, signal: AbortSignal) {
    this.#store = store;
    this.#signal = signal;
    for (const kind of kindsOfAll) this.#index.follow(store, kind, signal);
  }

  subscribe(listener: (change: Change<AnyObject>) => void): void {
    for (const kind of kindsOfAll) this.#store.subscribe(kind, this.#signal, listener);
  }

  /** undefined for a kind that is not served here. */
  kindOf({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): AnyKind | undefined {
    return this.#kinds.get(`${apiVersion} ${kind}`);
  }

  all(): readonly AnyObject[] {
    return kindsOfAll.flatMap((kind) => this.#store.list(kind));
  }

  byUid(uid: string): AnyObject | undefined {
    return this.#index.get(`uid/${uid}`)[0];
  }

  ownedBy(uid: string): readonly AnyObject[] {
    return this.#index.get(`of/${uid}`);
  }

  inNamespace(namespace: string): readonly AnyObject[] {
    return this.#index.get(`in/${namespace}`);
  }
}
