import { callScope, orAborted, TimeUp } from '../../src/kube/call-scope.ts';
import type {
  CallOptions,
  DeleteOptions,
  KubeClient,
  ListOptions,
  ObjectKey,
  ObjectList,
  PatchOptions,
  WatchEvent,
  WatchOptions,
} from '../../src/kube/client.ts';
import { StatusError } from '../../src/kube/errors.ts';
import type { Resource } from '../../src/kube/resources.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import type { ApiFault } from './api-weather.ts';
import { answerOf, broken, copyOf, resourceId, type StoreServer } from './store-server.ts';
import type { WatchPipe } from './watch-pipe.ts';

/** One write of the API, as the hook sees it. */
export interface ApiWrite {
  readonly verb: 'create' | 'update' | 'patch' | 'delete';
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  /** The precondition, where the caller made one. */
  readonly uid?: string;
}

/** Runs before a write is sent and after it took effect, before its answer arrives. May kill the client. */
export type WriteHook = (write: ApiWrite, point: 'before' | 'after') => void;

interface Call<T> {
  readonly name: string;
  readonly kind: 'read' | 'write';
  readonly options: CallOptions | undefined;
  readonly write?: ApiWrite;
  readonly effect: () => T;
}

const defaultTimeoutMs = 30_000;

/**
 * KubeClient straight over the store, for one incarnation of the daemon. What was sent takes effect even if the
 * daemon dies meanwhile: a request on the wire cannot be called back.
 */
export class StoreClient implements KubeClient {
  readonly #server: StoreServer;
  readonly #onWrite: WriteHook;
  readonly #dead = new AbortController();

  constructor(server: StoreServer, onWrite: WriteHook) {
    this.#server = server;
    this.#onWrite = onWrite;
  }

  /** From here on nothing is sent and nothing is heard. */
  kill(): void {
    this.#dead.abort();
  }

  get<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options?: CallOptions): Promise<T> {
    const id = resourceId(resource);
    const effect = (): T => this.#server.get(id, key.namespace, key.name) as T;
    return this.#call({ name: `get ${id} ${key.name}`, kind: 'read', options, effect });
  }

  list<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    const id = resourceId(resource);
    const effect = (): ObjectList<T> => this.#server.list(id, options) as ObjectList<T>;
    return this.#call({ name: `list ${id}`, kind: 'read', options, effect });
  }

  create<T extends KubeObject>(resource: Resource<T>, object: T, options?: CallOptions): Promise<T> {
    const write = writeOf('create', resource, object.metadata ?? {});
    const effect = (): T => copyOf(this.#server.store.create(write.resource, object)) as unknown as T;
    return this.#write(write, options, effect);
  }

  update<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options?: CallOptions & { readonly subresource?: string },
  ): Promise<T> {
    const write = writeOf('update', resource, object.metadata ?? {});
    const subresource = options?.subresource === 'status' ? 'status' : undefined;
    const effect = (): T =>
      copyOf(this.#server.store.update(write.resource, object, subresource)) as unknown as T;
    return this.#write(write, options, effect);
  }

  patch<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    body: unknown,
    options?: PatchOptions,
  ): Promise<T> {
    const sent = copyOf(body);
    const uid = (sent as KubeObject).metadata?.uid;
    const write = writeOf('patch', resource, { ...key, ...(uid === undefined ? {} : { uid }) });
    const status = options?.subresource === 'status';
    const effect = (): T => this.#server.patch(write.resource, key.namespace, key.name, sent, status) as T;
    return this.#write(write, options, effect);
  }

  delete<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    options: DeleteOptions = {},
  ): Promise<void> {
    const { gracePeriodSeconds, uid, propagationPolicy } = options;
    const request = {
      ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
      ...(uid === undefined ? {} : { uid }),
      ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    };
    const write = writeOf('delete', resource, { ...key, ...(uid === undefined ? {} : { uid }) });
    const effect = (): void => this.#server.delete(write.resource, key.namespace, key.name, request);
    return this.#write(write, options, effect);
  }

  async *watch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>> {
    const { clock } = this.#server;
    const id = resourceId(resource);
    const name = `watch ${id}`;
    const dead = AbortSignal.any([this.#dead.signal, ...(options.signal ? [options.signal] : [])]);
    const open = (): WatchPipe => {
      const version = Number(options.resourceVersion);
      const opened = this.#server.watch(id, options, version, options.timeoutSeconds);
      dead.addEventListener('abort', () => opened.break(), { once: true });
      if (dead.aborted) opened.break();
      return opened;
    };
    const pipe = await this.#call({ name, kind: 'read', options, effect: open });
    let lastAt = clock.now();
    let stopIdle = (): void => {};
    const idle = (): void => {
      const rest = lastAt + (options.idleTimeoutMs ?? Number.POSITIVE_INFINITY) - clock.now();
      if (rest <= 0) pipe.break();
      else if (Number.isFinite(rest)) stopIdle = clock.schedule(rest, idle);
    };
    idle();
    try {
      options.onOpen?.();
      while (!dead.aborted) {
        const event = pipe.take();
        if (event !== undefined) {
          lastAt = clock.now();
          yield copyOf(event) as WatchEvent<T>;
        } else if (pipe.state === 'ended') return;
        else if (pipe.state === 'broken') throw broken(name, 'broken', 'the connection was reset');
        else await pipe.change();
      }
      throw broken(name, 'aborted', 'the caller gave up');
    } finally {
      stopIdle();
      pipe.end();
    }
  }

  async close(): Promise<void> {
    this.kill();
  }

  #write<T>(write: ApiWrite, options: CallOptions | undefined, effect: () => T): Promise<T> {
    const name = `${write.verb} ${write.resource} ${write.namespace}/${write.name}`;
    return this.#call({ name, kind: 'write', options, write, effect });
  }

  async #call<T>(call: Call<T>): Promise<T> {
    const { clock, weather } = this.#server;
    const scope = callScope(clock, call.options?.timeoutMs ?? defaultTimeoutMs, call.options?.signal);
    const end = (): void => scope.abort(broken(call.name, 'aborted', 'this client is dead'));
    this.#dead.signal.addEventListener('abort', end, { once: true });
    if (this.#dead.signal.aborted) end();
    try {
      scope.signal.throwIfAborted();
      if (weather.away === 'refused') throw broken(call.name, 'connect', 'connection refused');
      if (weather.away === 'silent') return await orAborted(new Promise<never>(() => {}), scope.signal);
      if (call.write !== undefined) this.#onWrite(call.write, 'before');
      scope.signal.throwIfAborted();
      return await orAborted(this.#send(call, weather.onCall(call.kind)), scope.signal);
    } catch (error) {
      if (error instanceof TimeUp) throw broken(call.name, 'timeout', error.message);
      if (scope.signal.aborted && error === scope.signal.reason && !(error instanceof StatusError))
        throw broken(call.name, 'aborted', String(error));
      throw error;
    } finally {
      this.#dead.signal.removeEventListener('abort', end);
      scope.release();
    }
  }

  async #send<T>(call: Call<T>, fault: ApiFault | undefined): Promise<T> {
    const { clock } = this.#server;
    const effect = (): T => answerOf(call.name, call.effect);
    switch (fault?.kind) {
      case 'refused':
        throw new StatusError({ call: call.name, code: fault.code, reason: 'Fault', message: 'asked for' });
      case 'lostBefore':
        throw broken(call.name, 'broken', 'reset before the request was read');
      case 'late':
        clock.schedule(fault.ms, () => {
          try {
            effect();
          } catch {
            // Nobody waits for this answer any more.
          }
        });
        throw broken(call.name, 'broken', 'reset; the request is still on its way');
    }
    const result = fault?.kind === 'slow' ? await landing(clock, fault.ms, effect) : effect();
    if (call.write !== undefined && !this.#dead.signal.aborted) this.#onWrite(call.write, 'after');
    if (fault?.kind === 'lostAfter') throw broken(call.name, 'broken', 'reset before the answer');
    return result;
  }
}

function landing<T>(clock: StoreServer['clock'], ms: number, effect: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    clock.schedule(ms, () => {
      try {
        resolve(effect());
      } catch (error) {
        reject(error);
      }
    });
  });
}

function writeOf<T extends KubeObject>(
  verb: ApiWrite['verb'],
  resource: Resource<T>,
  { namespace = '', name = '', uid }: { namespace?: string; name?: string; uid?: string },
): ApiWrite {
  return { verb, resource: resourceId(resource), namespace, name, ...(uid === undefined ? {} : { uid }) };
}
