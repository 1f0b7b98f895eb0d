import type { StoredObject, StoreEvent } from './store.ts';

/** A change and the global version that it made. */
export interface Change {
  readonly version: number;
  readonly event: StoreEvent;
}

type ObjectMap = Map<string, Readonly<StoredObject>>;

/** Where an object is kept: sorts as the real server sorts its lists. */
export function keyOf(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}

/**
 * The objects of one resource and its recent changes. The history is bounded: it serves watches that resume and
 * lists that continue in pages; whoever asks for more than it holds must list anew.
 */
export class Collection {
  readonly #window: number;
  readonly #objects: ObjectMap = new Map();
  #changes: Change[] = [];
  /** The newest version that fell out of the history. */
  #floor = 0;
  #sortedKeys: readonly string[] | undefined;

  /** `window`: changes kept at least; twice as many at most. */
  constructor(window: number) {
    this.#window = window;
  }

  get(key: string): Readonly<StoredObject> | undefined {
    return this.#objects.get(key);
  }

  /** In no particular order. */
  values(): Iterable<Readonly<StoredObject>> {
    return this.#objects.values();
  }

  apply(key: string, change: Change): void {
    if (change.event.type === 'DELETED') this.#objects.delete(key);
    else this.#objects.set(key, change.event.object);
    if (change.event.type !== 'MODIFIED') this.#sortedKeys = undefined;
    this.#changes.push(change);
    if (this.#changes.length >= 2 * this.#window) {
      const dropped = this.#changes.length - this.#window;
      this.#floor = this.#changes[dropped - 1]?.version ?? this.#floor;
      this.#changes = this.#changes.slice(dropped);
    }
  }

  /** The changes after `version`, oldest first; undefined when the history does not reach back so far. */
  since(version: number): readonly Change[] | undefined {
    if (version < this.#floor) return undefined;
    return this.#changes.slice(this.#firstAfter(version));
  }

  /** All objects by key, as they are now or as they were at `version`; undefined when that is too long ago. */
  sorted(version?: number): readonly (readonly [string, Readonly<StoredObject>])[] | undefined {
    const later = version === undefined ? [] : this.since(version);
    if (later === undefined) return undefined;
    if (later.length === 0) return this.#entries();
    const then: ObjectMap = new Map(this.#objects);
    for (const { event } of later.toReversed()) {
      const { namespace, name } = event.object.metadata;
      if (event.previous === undefined) then.delete(keyOf(namespace, name));
      else then.set(keyOf(namespace, name), event.previous);
    }
    return [...then].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  #entries(): (readonly [string, Readonly<StoredObject>])[] {
    this.#sortedKeys ??= [...this.#objects.keys()].sort();
    return this.#sortedKeys.flatMap((key) => {
      const object = this.#objects.get(key);
      return object === undefined ? [] : [[key, object] as const];
    });
  }

  #firstAfter(version: number): number {
    let low = 0;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#changes[middle]?.version ?? 0) <= version) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
