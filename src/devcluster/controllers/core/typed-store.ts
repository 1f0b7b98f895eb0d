import type { ClusterStore, DeleteRequest, StoredObject } from '../../store/store.ts';
import type { Kind } from './kinds.ts';

export interface Change<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: T;
  readonly previous?: T;
}

/** The store with the kinds' types: the one place where stored JSON is taken for what its kind says. */
export class TypedStore {
  readonly #store: ClusterStore;

  constructor(store: ClusterStore) {
    this.#store = store;
  }

  get<T>(kind: Kind<T>, namespace: string | undefined, name: string): T | undefined {
    const found = this.#store.get(kind.resource, namespace, name);
    return found && typed<T>(found);
  }

  list<T>(kind: Kind<T>, namespace?: string): readonly T[] {
    return this.#store.list(kind.resource, namespace).map((object) => typed<T>(object));
  }

  create<T>(kind: Kind<T>, object: object): T {
    return typed<T>(this.#store.create(kind.resource, object));
  }

  update(kind: Kind<unknown>, object: object, subresource?: 'status'): void {
    this.#store.update(kind.resource, object, subresource);
  }

  delete(kind: Kind<unknown>, namespace: string | undefined, name: string, request?: DeleteRequest): void {
    this.#store.delete(kind.resource, namespace, name, request);
  }

  /** Ends with the signal. */
  subscribe<T>(kind: Kind<T>, signal: AbortSignal, listener: (change: Change<T>) => void): void {
    const stop = this.#store.subscribe(kind.resource, ({ type, object, previous }) =>
      listener({ type, object: typed<T>(object), ...(previous && { previous: typed<T>(previous) }) }),
    );
    signal.addEventListener('abort', stop, { once: true });
  }
}

function typed<T>(object: Readonly<StoredObject>): T {
  return object as unknown as T;
}
