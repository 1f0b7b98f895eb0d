import type { ServerResponse } from 'node:http';
import type { Clock } from '../../telemetry/clock.ts';
import { ApiError } from '../store/api-error.ts';
import type { MemoryStore } from '../store/memory-store.ts';
import type { ServedResource } from '../store/resource-table.ts';
import type { Predicate } from '../store/selectors.ts';
import type { StoredObject, StoreEvent } from '../store/store.ts';
import { type TableOptions, toTable } from '../tables/index.ts';
import { groupVersion, tableWish } from './answer.ts';
import type { Call } from './exchange.ts';
import { count, resourceVersion, selection } from './lists.ts';
import type { Serializer } from './serializer.ts';
import { isView, shown } from './views.ts';

export interface WatchDeps {
  readonly store: MemoryStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly serializer: Serializer;
}

const bookmarkEveryMs = 60_000;
/** As the real server's --min-request-timeout: a watch ends after this and up to twice as long. */
const minimalSeconds = 1800;
/** A client that lets this much pile up is cut off; it lists anew. */
const maxBufferedBytes = 16 * 1024 * 1024;

/** Answers with a stream of events until the client leaves, the time is up or the response is ended from outside. */
export function watch(call: Call, deps: WatchDeps): void {
  const { store, clock } = deps;
  const { query, response, resource } = call;
  const encode = encoder(call, deps);
  const matches = selection(call);
  const from = resourceVersion(query) ?? 0;
  const bookmarks = query.get('allowWatchBookmarks') === 'true';
  const initial = query.get('sendInitialEvents') === 'true';
  const seconds =
    count(query.get('timeoutSeconds'), 'timeoutSeconds') || minimalSeconds * (1 + deps.random());
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  const lines = new LineWriter(response);
  const bookmark = (annotations?: object): void => {
    lines.write(encode({ type: 'BOOKMARK', object: marker(resource, store.version, annotations) }));
  };
  const onEvent = (event: StoreEvent): void => {
    const seen = matches === undefined ? event : asSelected(event, matches);
    if (seen !== undefined) lines.write(encode(seen));
  };

  const stops: (() => void)[] = [];
  try {
    if (from === 0 || initial) {
      for (const [, object] of store.snapshot(resource.id)) {
        if (matches?.(object) ?? true) lines.write(encode({ type: 'ADDED', object }));
      }
      if (initial && bookmarks) bookmark({ 'k8s.io/initial-events-end': 'true' });
      stops.push(store.watch(resource.id, store.version, onEvent));
    } else {
      stops.push(store.watch(resource.id, from, onEvent));
    }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    lines.write(`{"type":"ERROR","object":${JSON.stringify(error.toStatus())}}\n`);
    lines.end();
    return;
  }
  const again = (): void => {
    bookmark();
    stops[1] = clock.schedule(bookmarkEveryMs, again);
  };
  stops.push(bookmarks ? clock.schedule(bookmarkEveryMs, again) : () => {});
  stops.push(
    clock.schedule(seconds * 1000, () => {
      if (bookmarks) bookmark();
      lines.end();
    }),
  );
  response.once('close', () => {
    for (const stop of stops) stop();
  });
}

type Seen = StoreEvent | { readonly type: 'BOOKMARK'; readonly object: Readonly<StoredObject> };

/** What a watch with a selector sees: objects come and go as they start and cease to match. */
function asSelected(event: StoreEvent, matches: Predicate): StoreEvent | undefined {
  const { type, object, previous } = event;
  const before = previous !== undefined && matches(previous);
  const now = type !== 'DELETED' && matches(object);
  if (before === now) return before ? event : undefined;
  if (now) return type === 'ADDED' ? event : { type: 'ADDED', object };
  if (type === 'DELETED' || previous === undefined) return event;
  const { resourceVersion: version } = object.metadata;
  return {
    type: 'DELETED',
    object: { ...previous, metadata: { ...previous.metadata, resourceVersion: version } },
  };
}

/** How this client wants its events: plain (shared with all others), as a view, or as table rows. */
function encoder(call: Call, { serializer, clock }: WatchDeps): (event: Seen) => string {
  const { resource } = call;
  const wish: Pick<TableOptions, 'includeObject'> | undefined = tableWish(call);
  let withColumns = true;
  return (event) => {
    if (wish === undefined && event.type !== 'BOOKMARK' && !isView(resource)) return serializer.event(event);
    const { object } = event;
    if (wish === undefined)
      return `{"type":"${event.type}","object":${JSON.stringify(shown(resource, object))}}\n`;
    const { resourceVersion: version } = object.metadata;
    const rows = event.type === 'BOOKMARK' ? [] : [object];
    const metadata = { resourceVersion: version };
    const table = toTable(resource, rows, { ...wish, now: clock.now(), metadata, withColumns });
    withColumns = false;
    return `{"type":"${event.type}","object":${JSON.stringify(table)}}\n`;
  };
}

function marker(resource: ServedResource, version: number, annotations?: object): StoredObject {
  // A bookmark is of the watched kind but has nothing else than a version.
  return {
    kind: resource.kind,
    apiVersion: groupVersion(resource),
    metadata: {
      resourceVersion: String(version),
      creationTimestamp: null,
      ...(annotations && { annotations }),
    },
  } as unknown as StoredObject;
}

/** Sends what is written within one turn of the event loop in one piece. */
class LineWriter {
  readonly #response: ServerResponse;
  #waiting: string[] = [];

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  write(line: string): void {
    if (this.#waiting.push(line) === 1) setImmediate(() => this.#flush());
  }

  end(): void {
    this.#flush();
    this.#response.end();
  }

  #flush(): void {
    if (this.#waiting.length === 0 || this.#response.writableEnded || this.#response.destroyed) return;
    this.#response.write(this.#waiting.join(''));
    this.#waiting = [];
    if (this.#response.writableLength > maxBufferedBytes) this.#response.destroy();
  }
}
