import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../telemetry/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import { alreadyExists, badRequest, expired, forbidden, invalid, notFound } from './api-error.ts';
import { Collection, keyOf } from './collection.ts';
import { isReleased, planDeletion } from './deletion.ts';
import { rfc3339 } from './json.ts';
import { checkMeta, checkMetaUpdate } from './meta-validation.ts';
import { suffix } from './name-suffix.ts';
import { isStored, type ServedResource, servedResource } from './resource-table.ts';
import type { ClusterStore, DeleteRequest, StoredObject, StoreEvent } from './store.ts';
import { strategyOf } from './strategies.ts';
import type { Strategy, StrategyContext } from './strategy.ts';
import {
  asStored,
  merge,
  requirePreconditions,
  requireSame,
  type Subresource,
  throughJson,
} from './write-rules.ts';

export interface WriteOptions {
  readonly subresource?: Subresource;
  /** Do everything but the commit. */
  readonly dryRun?: boolean;
  /** Sees the object as it will be committed and returns it with its metadata.managedFields brought up to date. */
  readonly track?: (before: Readonly<StoredObject> | undefined, after: StoredObject) => StoredObject;
}

export interface StoreDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** From 0 to 1, for generated names. */
  readonly random: () => number;
  /** Changes kept per resource for watches that resume. Default 1024. */
  readonly historySize?: number;
}

interface Shelf {
  readonly resource: ServedResource;
  readonly strategy: Strategy;
  readonly collection: Collection;
  readonly subscriptions: Set<Subscription>;
}

interface Subscription {
  /** Changes up to this version are known already. */
  readonly after: number;
  readonly listener: (event: StoreEvent) => void;
}

/** ClusterStore in memory, with what the HTTP front needs beside it: versions, snapshots, watches, dry runs. */
export class MemoryStore implements ClusterStore {
  readonly #deps: StoreDeps;
  readonly #shelves = new Map<string, Shelf>();
  #version = 1;
  /** Changes not yet told; the listener that causes a change while being told one hears of it afterwards. */
  readonly #untold: { shelf: Shelf; version: number; event: StoreEvent }[] = [];
  #telling = false;

  constructor(deps: StoreDeps) {
    this.#deps = deps;
  }

  /** The newest version of anything. */
  get version(): number {
    return this.#version;
  }

  get(resource: string, namespace: string | undefined, name: string): Readonly<StoredObject> | undefined {
    return this.#shelf(resource).collection.get(keyOf(namespace, name));
  }

  list(resource: string, namespace?: string): readonly Readonly<StoredObject>[] {
    const objects = [...this.#shelf(resource).collection.values()];
    return namespace === undefined ? objects : objects.filter((one) => one.metadata.namespace === namespace);
  }

  /** Sorted by key, now or as of `version`. Throws 410 Expired when that is too long ago. */
  snapshot(resource: string, version?: number): readonly (readonly [string, Readonly<StoredObject>])[] {
    const entries = this.#shelf(resource).collection.sorted(version);
    if (entries === undefined) {
      throw expired(
        'The provided continue parameter is too old to display a consistent list result. ' +
          'You can start a new list without the continue parameter.',
      );
    }
    return entries;
  }

  /** Tells the changes after `version`, then each new one. Throws 410 Expired when the history is too short. */
  watch(resource: string, version: number, listener: (event: StoreEvent) => void): () => void {
    const shelf = this.#shelf(resource);
    const missed = version > this.#version ? undefined : shelf.collection.since(version);
    if (missed === undefined) throw expired(`too old resource version: ${version} (${this.#version})`);
    const stop = this.#subscribe(shelf, listener);
    for (const change of missed) listener(change.event);
    return stop;
  }

  subscribe(resource: string, listener: (event: StoreEvent) => void): () => void {
    return this.#subscribe(this.#shelf(resource), listener);
  }

  create(resource: string, object: object, options: WriteOptions = {}): Readonly<StoredObject> {
    return this.insert(resource, throughJson(object), options);
  }

  update(resource: string, object: object, subresource?: Subresource): Readonly<StoredObject> {
    return this.replace(resource, throughJson(object), subresource === undefined ? {} : { subresource });
  }

  /** create() without the copy: `object` belongs to the store from here on. */
  insert(resource: string, object: object, options: WriteOptions = {}): Readonly<StoredObject> {
    const shelf = this.#shelf(resource);
    const { resource: served, strategy, collection } = shelf;
    let created = asStored(object, served);
    const meta = created.metadata;
    if (meta.resourceVersion !== undefined && meta.resourceVersion !== '') {
      throw badRequest('resourceVersion should not be set on objects to be created');
    }
    for (const field of ['deletionTimestamp', 'deletionGracePeriodSeconds', 'selfLink', 'generation']) {
      delete meta[field];
    }
    meta.name ??= '';
    const generateName = typeof meta.generateName === 'string' ? meta.generateName : '';
    if (meta.name === '' && generateName !== '') {
      do meta.name = `${generateName.slice(0, 58)}${suffix(this.#deps.random)}`;
      while (collection.get(keyOf(meta.namespace, meta.name)) !== undefined);
    }
    if (served.namespaced) this.#requireNamespace(served, meta.namespace, meta.name);
    else delete meta.namespace;
    meta.uid = randomUUID();
    meta.creationTimestamp = rfc3339(this.#deps.clock.now());
    if (strategy.countsGeneration) meta.generation = 1;
    if (!strategy.keepsStatus) delete created.status;
    strategy.prepareCreate?.(created, this.#context());
    this.#check(served, created, [
      ...checkMeta(created, served),
      ...(strategy.validate?.(created, undefined) ?? []),
    ]);
    const key = keyOf(meta.namespace, meta.name);
    if (collection.get(key) !== undefined) throw alreadyExists(served.id, meta.name);
    created = options.track?.(undefined, created) ?? created;
    if (options.dryRun) return created;
    return this.#commit(shelf, 'ADDED', created);
  }

  /** update() without the copy. With a subresource, parts of `object` may be shared with the live object. */
  replace(resource: string, object: object, options: WriteOptions = {}): Readonly<StoredObject> {
    const shelf = this.#shelf(resource);
    const { resource: served, strategy } = shelf;
    const wanted = asStored(object, served);
    const live = shelf.collection.get(keyOf(wanted.metadata.namespace, wanted.metadata.name));
    if (live === undefined) throw notFound(served.id, wanted.metadata.name);
    requireSame(served, live, wanted);
    let next = merge(wanted, live, options.subresource);
    if (options.subresource === 'status') {
      strategy.prepareStatus?.(next, live);
      this.#check(served, next, strategy.validateStatus?.(next, live) ?? []);
    } else if (options.subresource === 'ephemeralcontainers') {
      strategy.prepareEphemeralContainers?.(next);
      this.#check(served, next, strategy.validateEphemeralContainers?.(next, live) ?? []);
    } else if (options.subresource === undefined) {
      strategy.prepareUpdate?.(next, live, this.#context());
      this.#check(served, next, [
        ...checkMeta(next, served),
        ...checkMetaUpdate(next, live),
        ...(strategy.validate?.(next, live) ?? []),
      ]);
    }
    const counts =
      strategy.countsGeneration && (options.subresource ?? 'ephemeralcontainers') === 'ephemeralcontainers';
    if (counts && !isDeepStrictEqual(next.spec, live.spec)) {
      next.metadata.generation = (live.metadata.generation ?? 0) + 1;
    }
    next = options.track?.(live, next) ?? next;
    if (isDeepStrictEqual(next, live)) return live;
    if (options.dryRun) return next;
    if (isReleased(next)) return this.#remove(shelf, next, live);
    return this.#commit(shelf, 'MODIFIED', next, live);
  }

  /** What is left: the object marked for deletion, or as it was when it went (`gone`). */
  delete(
    resource: string,
    namespace: string | undefined,
    name: string,
    request: DeleteRequest = {},
    options: Pick<WriteOptions, 'dryRun'> = {},
  ): { readonly object: Readonly<StoredObject>; readonly gone: boolean } {
    const shelf = this.#shelf(resource);
    const { resource: served, strategy } = shelf;
    const live = shelf.collection.get(keyOf(namespace, name));
    if (live === undefined) throw notFound(served.id, name);
    requirePreconditions(served, live, request);
    const change = strategy.prepareDelete?.(live) ?? {};
    const grace = strategy.gracePeriod?.(live, request);
    const plan = planDeletion(live, request, grace, this.#deps.clock.now());
    if (plan.action === 'keep') return { object: live, gone: false };
    if (options.dryRun) return { object: live, gone: plan.action === 'remove' };
    if (plan.action === 'remove') return { object: this.#remove(shelf, live, live), gone: true };
    const next = { ...plan.object, ...change };
    const marked = isDeepStrictEqual(next, live) ? live : this.#commit(shelf, 'MODIFIED', next, live);
    if (plan.next === 'wait') return { object: marked, gone: false };
    return { object: this.#remove(shelf, marked, marked), gone: true };
  }

  #shelf(id: string): Shelf {
    const known = this.#shelves.get(id);
    if (known !== undefined) return known;
    const resource = servedResource(id);
    if (resource === undefined || !isStored(resource)) throw new Error(`no resource ${id} is kept here`);
    const shelf: Shelf =
      resource.storedAs === id
        ? {
            resource,
            strategy: strategyOf(id),
            collection: new Collection(this.#deps.historySize ?? 1024),
            subscriptions: new Set(),
          }
        : this.#shelf(resource.storedAs);
    this.#shelves.set(id, shelf);
    return shelf;
  }

  #context(): StrategyContext {
    return {
      now: this.#deps.clock.now(),
      random: this.#deps.random,
      get: (resource, namespace, name) => this.get(resource, namespace, name),
      list: (resource, namespace) => this.list(resource, namespace),
    };
  }

  #requireNamespace(served: ServedResource, namespace: string | undefined, name: string): void {
    if (namespace === undefined || namespace === '') {
      throw badRequest('an empty namespace may not be set during creation');
    }
    const found = this.get('namespaces', undefined, namespace);
    if (found === undefined) throw notFound('namespaces', namespace);
    if (found.metadata.deletionTimestamp === undefined) return;
    const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
    throw forbidden(served.id, name, why, [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ]);
  }

  #check(
    served: ServedResource,
    object: StoredObject,
    causes: ReturnType<NonNullable<Strategy['validate']>>,
  ) {
    if (causes.length > 0) throw invalid(served.kind, served.group, object.metadata.name, causes);
  }

  #remove(shelf: Shelf, last: Readonly<StoredObject>, live: Readonly<StoredObject>): Readonly<StoredObject> {
    return this.#commit(shelf, 'DELETED', { ...last, metadata: { ...last.metadata } }, live);
  }

  #commit(
    shelf: Shelf,
    type: StoreEvent['type'],
    object: StoredObject,
    previous?: Readonly<StoredObject>,
  ): Readonly<StoredObject> {
    const version = ++this.#version;
    object.metadata.resourceVersion = String(version);
    const event: StoreEvent = { type, object, ...(previous && { previous }) };
    shelf.collection.apply(keyOf(object.metadata.namespace, object.metadata.name), { version, event });
    this.#untold.push({ shelf, version, event });
    this.#tell();
    return object;
  }

  #subscribe(shelf: Shelf, listener: (event: StoreEvent) => void): () => void {
    const subscription: Subscription = { after: this.#version, listener };
    shelf.subscriptions.add(subscription);
    return () => shelf.subscriptions.delete(subscription);
  }

  /** Each listener hears the changes in order, also those that listeners make. */
  #tell(): void {
    if (this.#telling) return;
    this.#telling = true;
    for (let next = this.#untold.shift(); next !== undefined; next = this.#untold.shift()) {
      for (const subscription of next.shelf.subscriptions) {
        if (next.version <= subscription.after) continue;
        try {
          subscription.listener(next.event);
        } catch (error) {
          this.#deps.log.error(
            { resource: next.shelf.resource.id, error: String(error) },
            'a store listener threw',
          );
        }
      }
    }
    this.#telling = false;
  }
}
