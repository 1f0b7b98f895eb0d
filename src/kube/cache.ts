import type { KubeObject } from './types.ts';

/** What identifies an object and its state. */
export interface ObjectIdentity {
  /** `namespace/name`, or `name` for cluster-scoped objects. */
  readonly key: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

/** The values under which an object is found in an index. Pure: the same object gives the same values. */
export type Indexer<T> = (object: T) => readonly string[];

/** A read-only view of what an informer knows. Objects are shared: never change one. */
export interface ObjectCache<T extends KubeObject> {
  readonly size: number;
  /** By `namespace/name`, or `name` for cluster-scoped objects. */
  get(key: string): T | undefined;
  getByUid(uid: string): T | undefined;
  list(): T[];
  /** The objects whose indexer of this name gives this value. */
  byIndex(index: string, value: string): T[];
}

function keyOf(namespace: string | undefined, name: string): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}

/** Throws when the object lacks one of name, uid, resourceVersion: then it did not come from an API server. */
export function identityOf(object: KubeObject): ObjectIdentity {
  const { namespace, name, uid, resourceVersion } = object.metadata ?? {};
  if (!name || !uid || !resourceVersion)
    throw new Error(
      `${object.kind ?? 'object'} ${keyOf(namespace, name ?? '?')} has no name, uid or resourceVersion`,
    );
  return { key: keyOf(namespace, name), uid, resourceVersion };
}

/** Objects by key, by UID and by index. Holds each object once; at most one per key and per UID. */
export class IndexedCache<T extends KubeObject> implements ObjectCache<T> {
  readonly #byKey = new Map<string, T>();
  readonly #byUid = new Map<string, T>();
  readonly #indexers: ReadonlyMap<string, Indexer<T>>;
  readonly #indexes = new Map<string, Map<string, Set<T>>>();

  constructor(indexers: Readonly<Record<string, Indexer<T>>> = {}) {
    this.#indexers = new Map(Object.entries(indexers));
    for (const name of this.#indexers.keys()) this.#indexes.set(name, new Map());
  }

  get size(): number {
    return this.#byKey.size;
  }

  get(key: string): T | undefined {
    return this.#byKey.get(key);
  }

  getByUid(uid: string): T | undefined {
    return this.#byUid.get(uid);
  }

  list(): T[] {
    return [...this.#byKey.values()];
  }

  byIndex(index: string, value: string): T[] {
    const values = this.#indexes.get(index);
    if (values === undefined)
      throw new Error(
        `the cache has no index "${index}"; it has: ${[...this.#indexes.keys()].join(', ') || 'none'}`,
      );
    return [...(values.get(value) ?? [])];
  }

  /** Puts the object in the place of what has its key. */
  set(object: T): void {
    const { key, uid } = identityOf(object);
    this.delete(key);
    this.#byKey.set(key, object);
    this.#byUid.set(uid, object);
    for (const [name, indexer] of this.#indexers) {
      for (const value of indexer(object)) this.#bucket(name, value).add(object);
    }
  }

  delete(key: string): void {
    const object = this.#byKey.get(key);
    if (object === undefined) return;
    this.#byKey.delete(key);
    this.#byUid.delete(identityOf(object).uid);
    for (const [name, indexer] of this.#indexers) {
      const index = this.#indexes.get(name);
      for (const value of indexer(object)) {
        const bucket = index?.get(value);
        bucket?.delete(object);
        if (bucket?.size === 0) index?.delete(value);
      }
    }
  }

  #bucket(name: string, value: string): Set<T> {
    const index = this.#indexes.get(name) ?? new Map<string, Set<T>>();
    let bucket = index.get(value);
    if (bucket === undefined) {
      bucket = new Set();
      index.set(value, bucket);
    }
    return bucket;
  }
}
