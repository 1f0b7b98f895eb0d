import type { Clock } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import type { Indexer, ObjectCache } from './cache.ts';
import type { KubeClient, Selection } from './client.ts';
import { type InformerEvent, ObjectHistory } from './object-history.ts';
import { runReflector } from './reflector.ts';
import type { Resource } from './resources.ts';
import { SharedStrings } from './shared-strings.ts';
import type { KubeObject } from './types.ts';

export interface InformerDeps<T extends KubeObject> {
  readonly client: KubeClient;
  readonly resource: Resource<T>;
  /** Which objects; absent = all. */
  readonly selection?: Selection;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Makes an object smaller before it is kept. May change the object it is given; keeps name, uid and version. */
  readonly transform?: (object: T) => T;
  readonly indexers?: Readonly<Record<string, Indexer<T>>>;
}

export interface Informer<T extends KubeObject> {
  /** Lists and watches until the signal fires. Once per informer. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves after the first complete list is in the cache and told to the listeners; rejects when `run` ends before. */
  readonly synced: Promise<void>;
  readonly hasSynced: boolean;
  readonly cache: ObjectCache<T>;
  /**
   * Called after the cache has changed, once per change, in order; for each UID: added, updated*, deleted. Listeners
   * are quick and put work into queues; one that throws is logged. Returns the way to stop.
   */
  onEvent(listener: (event: InformerEvent<T>) => void): () => void;
}

/** A cache of the selected objects that follows the API server through breaks, outages and compactions. */
export function createInformer<T extends KubeObject>(deps: InformerDeps<T>): Informer<T> {
  return new ReflectingInformer(deps);
}

class ReflectingInformer<T extends KubeObject> implements Informer<T> {
  readonly #deps: InformerDeps<T>;
  readonly #history: ObjectHistory<T>;
  readonly #strings = new SharedStrings();
  readonly #listeners = new Set<(event: InformerEvent<T>) => void>();
  readonly #synced = Promise.withResolvers<void>();
  #hasSynced = false;

  constructor(deps: InformerDeps<T>) {
    this.#deps = deps;
    this.#history = new ObjectHistory(deps.indexers);
    // Nobody need wait for it.
    this.#synced.promise.catch(() => undefined);
  }

  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  get cache(): ObjectCache<T> {
    return this.#history.cache;
  }

  onEvent(listener: (event: InformerEvent<T>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { client, resource, selection = {}, clock, random, log } = this.#deps;
    const sink = {
      replace: (items: T[]): void => {
        this.#tell(this.#history.replace(items.map((item) => this.#slim(item))));
        this.#hasSynced = true;
        this.#synced.resolve();
      },
      put: (object: T): void => this.#tell(this.#history.put(this.#slim(object))),
      remove: (object: T): void => this.#tell(this.#history.remove(this.#slim(object))),
    };
    await runReflector({ client, resource, selection, clock, random, log, sink }, signal);
    this.#synced.reject(new Error(`stopped before the first list of ${resource.plural} was complete`));
  }

  /** managedFields are often half of an object and of no use to a reader. */
  #slim(object: T): T {
    if (object.metadata !== undefined) delete object.metadata.managedFields;
    return this.#strings.in(this.#deps.transform?.(object) ?? object);
  }

  #tell(events: readonly InformerEvent<T>[]): void {
    for (const event of events) {
      for (const listener of [...this.#listeners]) {
        try {
          listener(event);
        } catch (error) {
          this.#deps.log.error({ resource: this.#deps.resource.plural, error }, 'an informer listener threw');
        }
      }
    }
  }
}
