import { patched } from '../../src/devcluster/http/patch.ts';
import { ApiError } from '../../src/devcluster/store/api-error.ts';
import type { MemoryStore } from '../../src/devcluster/store/memory-store.ts';
import { servedResource } from '../../src/devcluster/store/resource-table.ts';
import { fieldPredicate, type Predicate } from '../../src/devcluster/store/selectors.ts';
import type { DeleteRequest, StoredObject, StoreEvent } from '../../src/devcluster/store/store.ts';
import type { Selection, WatchEvent } from '../../src/kube/client.ts';
import { ConnectionError, StatusError } from '../../src/kube/errors.ts';
import type { Resource } from '../../src/kube/resources.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import type { Clock } from '../../src/telemetry/clock.ts';
import type { ApiWeather } from './api-weather.ts';
import { WatchPipe } from './watch-pipe.ts';

export interface StoreServerDeps {
  readonly store: MemoryStore;
  readonly clock: Clock;
  readonly weather: ApiWeather;
}

const bookmarkMs = 60_000;

/** The embedded control plane's store as an API server without a wire. It outlives the clients that speak to it. */
export class StoreServer {
  readonly store: MemoryStore;
  readonly clock: Clock;
  readonly weather: ApiWeather;
  readonly #watches = new Set<WatchPipe>();

  constructor(deps: StoreServerDeps) {
    this.store = deps.store;
    this.clock = deps.clock;
    this.weather = deps.weather;
  }

  get(id: string, namespace: string | undefined, name: string): unknown {
    const found = this.store.get(id, namespace, name);
    if (found === undefined) throw new ApiError(404, 'NotFound', `${id} "${name}" not found`);
    return copyOf(found);
  }

  list(id: string, selection: Selection): { items: unknown[]; resourceVersion: string } {
    const matches = predicateOf(id, selection);
    const items = this.store.list(id, selection.namespace).filter(matches).map(copyOf);
    return { items, resourceVersion: String(this.store.version) };
  }

  patch(
    id: string,
    namespace: string | undefined,
    name: string,
    body: unknown,
    subresource: boolean,
  ): unknown {
    const live = this.store.get(id, namespace, name);
    if (live === undefined) throw new ApiError(404, 'NotFound', `${id} "${name}" not found`);
    const next = patched(live, body, 'application/strategic-merge-patch+json');
    // Defaulting works in place and must not reach parts that the patch shares with the live object.
    const own = subresource ? next : structuredClone(next);
    return copyOf(this.store.replace(id, own, subresource ? { subresource: 'status' } : {}));
  }

  delete(id: string, namespace: string | undefined, name: string, request: DeleteRequest): void {
    this.store.delete(id, namespace, name, request);
  }

  /** Events after `version`; the returned pipe ends with the connection. Throws ApiError 410. */
  watch(id: string, selection: Selection, version: number, seconds: number | undefined): WatchPipe {
    const { clock, weather } = this;
    if (weather.forgets()) throw new ApiError(410, 'Expired', `too old resource version: ${version}`);
    const matches = predicateOf(id, selection);
    const pipe = new WatchPipe({ clock, weather, onEnd: () => this.#watches.delete(pipe) });
    const stop = this.store.watch(id, version, (event) => {
      if (matches(event.object)) pipe.send(wireEvent(event));
    });
    const bookmark = (): void => pipe.send({ type: 'BOOKMARK', resourceVersion: String(this.store.version) });
    let cancelBookmark = (): void => {};
    const again = (): void => {
      bookmark();
      cancelBookmark = clock.schedule(bookmarkMs, again);
    };
    cancelBookmark = clock.schedule(bookmarkMs, again);
    const cancelEnd = seconds === undefined ? () => {} : clock.schedule(seconds * 1000, () => pipe.end());
    pipe.onClose(() => {
      stop();
      cancelBookmark();
      cancelEnd();
    });
    this.#watches.add(pipe);
    return pipe;
  }

  /** `refused`: every connection is reset and nobody listens. `silent`: every packet is lost from now on. */
  goAway(how: 'refused' | 'silent'): void {
    this.weather.away = how;
    if (how === 'refused') this.cutWatches();
    else for (const pipe of this.#watches) pipe.mute();
  }

  comeBack(): void {
    this.weather.away = 'no';
  }

  /** Breaks every watch where it stands: what it had not delivered yet is lost on the way. */
  cutWatches(): void {
    for (const pipe of [...this.#watches]) pipe.break();
  }
}

/** Runs the effect of a call and turns a failure into what the client makes of the server's answer. */
export function answerOf<T>(call: string, effect: () => T): T {
  try {
    return effect();
  } catch (error) {
    throw error instanceof ApiError ? statusError(call, error) : error;
  }
}

export function statusError(call: string, { code, reason, message }: ApiError): StatusError {
  return new StatusError({ call, code, reason, message });
}

export function broken(call: string, kind: ConnectionError['kind'], message: string): ConnectionError {
  const untouched = kind === 'connect';
  return new ConnectionError({ kind, call, server: 'store', message, untouched });
}

export function resourceId<T extends KubeObject>(resource: Resource<T>): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
}

/** As it would have come over the wire: nothing shared. */
export function copyOf<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function wireEvent({ type, object }: StoreEvent): WatchEvent<KubeObject> {
  return { type, object: object as unknown as KubeObject };
}

/** Only fields that never change on a stored object are selected by in these tests, so no event changes sides. */
function predicateOf(id: string, { namespace, fieldSelector }: Selection): Predicate {
  const resource = servedResource(id);
  const fields =
    fieldSelector === undefined || resource === undefined
      ? undefined
      : fieldPredicate(fieldSelector, resource);
  return (object: Readonly<StoredObject>) =>
    (namespace === undefined || object.metadata.namespace === namespace) && (fields?.(object) ?? true);
}
