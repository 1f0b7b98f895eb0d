import { IndexedCache, type Indexer, identityOf, type ObjectCache } from './cache.ts';
import { compareVersions } from './resource-version.ts';
import type { KubeObject } from './types.ts';

/** What happened to an object. A `deleted` event carries the last state that is known. */
export type InformerEvent<T> =
  | { readonly type: 'added'; readonly object: T }
  | { readonly type: 'updated'; readonly object: T; readonly previous: T }
  | { readonly type: 'deleted'; readonly object: T };

/** Deletions that are remembered, so that a late event does not bring the dead back. */
const rememberedDeletions = 1_000;

/**
 * Turns what a server says (whole lists, single events, some twice, some late) into a history that is true for every
 * UID: added, updated any number of times, deleted. Writes of one name are in one order, whatever the UID, so an event
 * is late when it is not newer than what is known of its key.
 */
export class ObjectHistory<T extends KubeObject> {
  readonly #cache: IndexedCache<T>;
  /** Version of the deletion by key, oldest first. */
  readonly #deletions = new Map<string, string>();

  constructor(indexers: Readonly<Record<string, Indexer<T>>> = {}) {
    this.#cache = new IndexedCache(indexers);
  }

  get cache(): ObjectCache<T> {
    return this.#cache;
  }

  /** A complete list: what is not in it is gone. Believed even where it is older, as after a restore of etcd. */
  replace(items: readonly T[]): InformerEvent<T>[] {
    const listed = new Map(items.map((item) => [identityOf(item).key, item]));
    const gone: InformerEvent<T>[] = [];
    for (const object of this.#cache.list()) {
      const { key, uid } = identityOf(object);
      const item = listed.get(key);
      if (item === undefined || identityOf(item).uid !== uid) gone.push({ type: 'deleted', object });
    }
    for (const { object } of gone) this.#cache.delete(identityOf(object).key);
    const changed: InformerEvent<T>[] = [];
    for (const [key, object] of listed) {
      const previous = this.#cache.get(key);
      if (previous === undefined) changed.push({ type: 'added', object });
      else if (identityOf(previous).resourceVersion !== identityOf(object).resourceVersion)
        changed.push({ type: 'updated', object, previous });
    }
    for (const { object } of changed) this.#cache.set(object);
    this.#deletions.clear();
    return [...gone, ...changed];
  }

  /** ADDED or MODIFIED: servers and cuts mix them up, the cache knows which it is. */
  put(object: T): InformerEvent<T>[] {
    const { key, uid, resourceVersion } = identityOf(object);
    const previous = this.#cache.get(key);
    const known = previous === undefined ? this.#deletions.get(key) : identityOf(previous).resourceVersion;
    if (known !== undefined && isNotNewer(resourceVersion, known)) return [];
    this.#deletions.delete(key);
    this.#cache.set(object);
    if (previous === undefined) return [{ type: 'added', object }];
    if (identityOf(previous).uid === uid) return [{ type: 'updated', object, previous }];
    return [
      { type: 'deleted', object: previous },
      { type: 'added', object },
    ];
  }

  /** DELETED: gone, or gone from the selection. */
  remove(object: T): InformerEvent<T>[] {
    const { key, uid, resourceVersion } = identityOf(object);
    const previous = this.#cache.get(key);
    if (previous === undefined) {
      this.#remember(key, resourceVersion);
      return [];
    }
    const known = identityOf(previous);
    const order = compareVersions(resourceVersion, known.resourceVersion);
    if (known.uid !== uid && (order === undefined || order <= 0)) return [];
    if (order !== undefined && order < 0) return [];
    this.#remember(key, resourceVersion);
    this.#cache.delete(key);
    // A later holder of the name is gone already: then so is this one, in the state that was known.
    return [{ type: 'deleted', object: known.uid === uid ? object : previous }];
  }

  #remember(key: string, version: string): void {
    const known = this.#deletions.get(key);
    if (known !== undefined && isNotNewer(version, known)) return;
    this.#deletions.delete(key);
    this.#deletions.set(key, version);
    const [oldest] = this.#deletions.keys();
    if (this.#deletions.size > rememberedDeletions && oldest !== undefined) this.#deletions.delete(oldest);
  }
}

function isNotNewer(version: string, known: string): boolean {
  const order = compareVersions(version, known);
  return order !== undefined && order <= 0;
}
