import { type Clock, pause } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { type ApiCall, describeCall, selectionQuery } from './api-call.ts';
import { type CallScope, callScope } from './call-scope.ts';
import type {
  CallOptions,
  DeleteOptions,
  KubeClient,
  ListOptions,
  ObjectKey,
  ObjectList,
  PatchOptions,
  PatchType,
  WatchEvent,
  WatchOptions,
} from './client.ts';
import type { Credentials } from './credentials.ts';
import { isGone } from './errors.ts';
import type { Resource } from './resources.ts';
import { retryDelayMs } from './retry.ts';
import { statusErrorInWatch, statusErrorOf } from './status-answer.ts';
import { type Answer, type CallRecord, Transport } from './transport.ts';
import type { KubeObject } from './types.ts';
import { guardIdle, WatchStreamError, watchLines } from './watch-stream.ts';

const defaultTimeoutMs = 30_000;
const defaultPageSize = 500;
const jsonType = 'application/json';
const patchTypes: Readonly<Record<PatchType, string>> = {
  strategic: 'application/strategic-merge-patch+json',
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
};

export interface KubeClientDeps {
  /** `https://host:port`, with a path when the API sits below one. */
  readonly server: string;
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly log: Log;
  /** 0 ≤ n < 1, for jitter. */
  readonly random: () => number;
  readonly userAgent?: string;
  /** Called once per HTTP request, retries and pages included. Must not throw. */
  readonly onCall?: (record: CallRecord) => void;
  /** Longest answer and longest watch event that are read. Defaults 128 MiB and 16 MiB. */
  readonly maxResponseBytes?: number;
  readonly maxWatchLineBytes?: number;
}

interface Page<T> {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  /** Go writes an empty slice as null. */
  readonly items?: T[] | null;
}

/** Typed access to one API server; see KubeClient for what is retried. */
export function createKubeClient(deps: KubeClientDeps): KubeClient {
  return new RestClient(deps);
}

class RestClient implements KubeClient {
  readonly #deps: KubeClientDeps;
  readonly #transport: Transport;

  constructor(deps: KubeClientDeps) {
    this.#deps = deps;
    this.#transport = new Transport({
      server: deps.server,
      credentials: deps.credentials,
      clock: deps.clock,
      userAgent: deps.userAgent ?? 'burstlet',
      maxResponseBytes: deps.maxResponseBytes ?? 128 * 1024 * 1024,
      onCall: deps.onCall,
    });
  }

  get<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options?: CallOptions): Promise<T> {
    return this.#one<T>({ verb: 'get', resource, ...target(resource, key) }, options);
  }

  list<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    return this.#scoped(options, async (scope) => {
      try {
        return await this.#pages(resource, options, options.pageSize ?? defaultPageSize, scope);
      } catch (error) {
        // The snapshot that the pages come from was compacted away. In one piece it cannot be.
        if (isGone(error)) return await this.#pages(resource, options, undefined, scope);
        throw error;
      }
    });
  }

  create<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options: CallOptions & { readonly subresource?: string; readonly name?: string } = {},
  ): Promise<T> {
    const { subresource, name } = options;
    const namespace = resource.namespaced ? object.metadata?.namespace : undefined;
    return this.#one<T>(
      { verb: 'create', resource, namespace, name, subresource, ...json(jsonType, object) },
      options,
    );
  }

  update<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options: CallOptions & { readonly subresource?: string } = {},
  ): Promise<T> {
    const { subresource } = options;
    const key = { name: object.metadata?.name ?? '', namespace: object.metadata?.namespace };
    return this.#one<T>(
      { verb: 'update', resource, ...target(resource, key), subresource, ...json(jsonType, object) },
      options,
    );
  }

  patch<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    body: unknown,
    options: PatchOptions = {},
  ): Promise<T> {
    const { subresource, type = 'strategic' } = options;
    const content = json(patchTypes[type], body);
    return this.#one<T>(
      { verb: 'patch', resource, ...target(resource, key), subresource, ...content },
      options,
    );
  }

  async delete<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    options: DeleteOptions = {},
  ): Promise<void> {
    const { gracePeriodSeconds, uid, propagationPolicy } = options;
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      gracePeriodSeconds,
      propagationPolicy,
      preconditions: uid === undefined ? undefined : { uid },
    };
    const call: ApiCall = { verb: 'delete', resource, ...target(resource, key), ...json(jsonType, body) };
    await this.#scoped(options, (scope) => this.#answer(call, scope));
  }

  async *watch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>> {
    const { namespace, resourceVersion, timeoutSeconds } = options;
    const query = { watch: true, allowWatchBookmarks: true, resourceVersion, timeoutSeconds };
    const call: ApiCall = {
      verb: 'watch',
      resource,
      namespace,
      query: { ...query, ...selectionQuery(options) },
    };
    const scope = callScope(this.#deps.clock, options.timeoutMs, options.signal);
    const idle = guardIdle(this.#deps.clock, options.idleTimeoutMs, scope);
    try {
      const body = await this.#openWatch(call, scope);
      options.onOpen?.();
      const maxLineBytes = this.#deps.maxWatchLineBytes ?? 16 * 1024 * 1024;
      for await (const line of watchLines<T>(body, maxLineBytes, idle.touch)) {
        if (line.type === 'ERROR') throw statusErrorInWatch(call, line.status);
        yield line;
      }
    } catch (error) {
      if (error instanceof WatchStreamError) throw this.#transport.error(call, error.kind, error.message);
      throw error;
    } finally {
      idle.release();
      scope.abort(new Error('the watch is over'));
      scope.release();
    }
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  async #openWatch(call: ApiCall, scope: CallScope): Promise<AsyncGenerator<Buffer>> {
    for (let again = true; ; again = false) {
      const { head, body } = await this.#transport.stream(call, scope);
      if (head.status === 200) return body;
      const text = await firstText(body);
      if (head.status === 401) this.#transport.invalidateCredentials();
      if (head.status === 401 && again) continue;
      throw statusErrorOf(call, { ...head, text }, this.#deps.clock.now());
    }
  }

  async #pages<T extends KubeObject>(
    resource: Resource<T>,
    options: ListOptions,
    limit: number | undefined,
    scope: CallScope,
  ): Promise<ObjectList<T>> {
    const items: T[] = [];
    let first: string | undefined;
    let next: string | undefined;
    do {
      const query = { limit, continue: next, ...selectionQuery(options) };
      const call: ApiCall = { verb: 'list', resource, namespace: options.namespace, query };
      const page = await this.#repeat('read', call, scope, (answer) => this.#parsePage<T>(call, answer));
      for (const item of page.items ?? []) items.push(named(item, resource));
      // All pages are of one snapshot; should a server think otherwise, the oldest version loses nothing.
      first ??= page.metadata?.resourceVersion;
      next = page.metadata?.continue || undefined;
    } while (next !== undefined);
    return { items, resourceVersion: first ?? '' };
  }

  #parsePage<T>(call: ApiCall, answer: Answer): Page<T> {
    const page = this.#parse<Page<T>>(call, answer);
    if (page.metadata?.resourceVersion === undefined || !(Array.isArray(page.items) || page.items == null))
      throw this.#transport.error(call, 'protocol', 'the answer is not a list');
    return page;
  }

  #one<T extends KubeObject>(call: ApiCall, options: CallOptions | undefined): Promise<T> {
    const kind = call.verb === 'get' ? 'read' : 'write';
    return this.#scoped(options, (scope) =>
      this.#repeat(kind, call, scope, (answer) => this.#parse<T>(call, answer)),
    );
  }

  #answer(call: ApiCall, scope: CallScope): Promise<Answer> {
    return this.#repeat('write', call, scope, (answer) => answer);
  }

  async #scoped<R>(options: CallOptions = {}, work: (scope: CallScope) => Promise<R>): Promise<R> {
    const scope = callScope(this.#deps.clock, options.timeoutMs ?? defaultTimeoutMs, options.signal);
    try {
      return await work(scope);
    } finally {
      scope.release();
    }
  }

  async #repeat<R>(
    kind: 'read' | 'write',
    call: ApiCall,
    scope: CallScope,
    read: (answer: Answer) => R,
  ): Promise<R> {
    for (let attempt = 0; ; attempt++) {
      try {
        return read(await this.#authenticated(call, scope));
      } catch (error) {
        const wait = retryDelayMs(kind, error, attempt, this.#deps.random);
        if (wait === undefined) throw error;
        this.#deps.log.debug(
          { call: describeCall(call), attempt, waitMs: wait, error },
          'API call failed, trying again',
        );
        await pause(this.#deps.clock, wait, scope.signal);
        // The failure that is known says more than that time is up.
        if (scope.signal.aborted) throw error;
      }
    }
  }

  /** One try, with a second one under fresh credentials when the first were refused. */
  async #authenticated(call: ApiCall, scope: CallScope): Promise<Answer> {
    for (let again = true; ; again = false) {
      const answer = await this.#transport.call(call, scope);
      if (answer.status < 300) return answer;
      if (answer.status === 401) this.#transport.invalidateCredentials();
      if (answer.status === 401 && again) continue;
      throw statusErrorOf(call, answer, this.#deps.clock.now());
    }
  }

  #parse<R>(call: ApiCall, answer: Answer): R {
    try {
      const parsed: unknown = JSON.parse(answer.text);
      if (typeof parsed === 'object' && parsed !== null) return parsed as R;
    } catch {
      // The parser's message would quote the answer, which may be a Secret.
    }
    throw this.#transport.error(call, 'protocol', 'the answer is not a JSON object');
  }
}

function target(resource: Resource<KubeObject>, key: { name: string; namespace?: string | undefined }) {
  return { name: key.name, namespace: resource.namespaced ? key.namespace : undefined };
}

function json(contentType: string, body: unknown): { contentType: string; body: string } {
  return { contentType, body: JSON.stringify(body) };
}

/** Items of a list come without kind and apiVersion; those of a watch have them. */
function named<T extends KubeObject>(item: T, { group, version, kind }: Resource<T>): T {
  item.apiVersion ??= group === '' ? version : `${group}/${version}`;
  item.kind ??= kind;
  return item;
}

/** The start of a body: enough for an error message. */
async function firstText(body: AsyncGenerator<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > 64 * 1024) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}
