import type { Kind } from './kinds.ts';
import type { TypedStore } from './typed-store.ts';

interface Identified {
  readonly metadata: { readonly uid: string };
}

/** Objects findable by keys computed from them, kept up to date by the store's events. */
export class ObjectIndex<T extends Identified> {
  readonly #keysOf: (object: T) => readonly string[];
  readonly #keys = new Map<string, readonly string[]>();
  readonly #objects = new Map<string, Map<string, T>>();

  constructor(keysOf: (object: T) => readonly string[]) {
    this.#keysOf = keysOf;
  }

  /** Takes in what there is of a kind, and everything that changes until the signal. */
  follow(store: TypedStore, kind: Kind<T>, signal: AbortSignal): void {
    for (const object of store.list(kind)) this.#put(object);
    store.subscribe(kind, signal, ({ type, object }) => {
      if (type === 'DELETED') this.#remove(object.metadata.uid);
      else this.#put(object);
    });
  }

  /** Oldest first. */
  get(key: string): readonly T[] {
    return [...(this.#objects.get(key)?.values() ?? [])];
  }

  has(key: string): boolean {
    return this.#objects.has(key);
  }

  #put(object: T): void {
    const { uid } = object.metadata;
    const keys = this.#keysOf(object);
    for (const stale of this.#keys.get(uid) ?? []) if (!keys.includes(stale)) this.#unlink(stale, uid);
    this.#keys.set(uid, keys);
    for (const key of keys) {
      const bucket = this.#objects.get(key) ?? new Map<string, T>();
      this.#objects.set(key, bucket.set(uid, object));
    }
  }

  #remove(uid: string): void {
    for (const key of this.#keys.get(uid) ?? []) this.#unlink(key, uid);
    this.#keys.delete(uid);
  }

  #unlink(key: string, uid: string): void {
    const bucket = this.#objects.get(key);
    bucket?.delete(uid);
    if (bucket?.size === 0) this.#objects.delete(key);
  }
}
