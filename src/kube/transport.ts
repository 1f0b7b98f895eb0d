import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher, Pool } from 'undici';
import UndiciPool from 'undici/lib/dispatcher/pool.js';
import type { Clock } from '../telemetry/clock.ts';
import { type ApiCall, describeCall, methodOf, pathOf, type Verb } from './api-call.ts';
import { type CallScope, orAborted, TimeUp } from './call-scope.ts';
import type { Credentials, Identity, TlsOptions } from './credentials.ts';
import { ConnectionError, type ConnectionErrorKind } from './errors.ts';
import { Exchange, type ResponseHead } from './exchange.ts';

/** One HTTP request as it went; what metrics and benches count. */
export interface CallRecord {
  readonly verb: Verb;
  readonly group: string;
  /** The plural, with the subresource: `pods/status`. */
  readonly resource: string;
  /** The HTTP status, or why there is none. */
  readonly code: number | ConnectionErrorKind;
  /** Milliseconds to the end of the body; for a watch, to its opening. */
  readonly durationMs: number;
}

export interface TransportDeps {
  /** May have a path, which then goes before every API path. */
  readonly server: string;
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly userAgent: string;
  readonly maxResponseBytes: number;
  readonly onCall?: ((record: CallRecord) => void) | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface Pools {
  readonly tls: TlsOptions;
  /** Bounded: parallel writes share these. */
  readonly calls: Pool;
  /** A watch keeps its connection for minutes, so watches have their own and never take one from the calls. */
  readonly watches: Pool;
}

/** Connections for calls. More than the API server's fair queue runs at once for one user would only wait there. */
const callConnections = 16;

/** Carries API calls over HTTP/1.1 keep-alive connections to one API server. Knows credentials, not retries. */
export class Transport {
  readonly #deps: TransportDeps;
  readonly #origin: string;
  readonly #prefix: string;
  #pools: Pools | undefined;
  /** Pools of an earlier identity whose last watches still run. */
  readonly #retired = new Set<Pool>();
  #closed = false;

  constructor(deps: TransportDeps) {
    this.#deps = deps;
    const url = new URL(deps.server);
    this.#origin = url.origin;
    this.#prefix = url.pathname.replace(/\/+$/, '');
  }

  /** The whole answer, whatever its status. */
  async call(call: ApiCall, scope: CallScope): Promise<Answer> {
    const path = pathOf(call, this.#prefix);
    const started = this.#deps.clock.now();
    const exchange = new Exchange(scope.signal);
    try {
      const head = await this.#open(call, path, exchange, scope, 'calls');
      const text = await this.#readText(exchange);
      this.#record(call, started, head.status);
      return { status: head.status, headers: head.headers, text };
    } catch (error) {
      throw this.#failed(call, started, error, exchange, scope);
    }
  }

  /** An answer whose body is read as it comes. A status other than 200 is for the caller to handle. */
  async stream(
    call: ApiCall,
    scope: CallScope,
  ): Promise<{ head: ResponseHead; body: AsyncGenerator<Buffer> }> {
    const path = pathOf(call, this.#prefix);
    const started = this.#deps.clock.now();
    const exchange = new Exchange(scope.signal);
    try {
      const head = await this.#open(call, path, exchange, scope, 'watches');
      this.#record(call, started, head.status);
      return { head, body: this.#guardedBody(call, exchange, scope) };
    } catch (error) {
      throw this.#failed(call, started, error, exchange, scope);
    }
  }

  /** A ConnectionError about this call. */
  error(call: ApiCall, kind: ConnectionErrorKind, message: string, untouched = false): ConnectionError {
    return new ConnectionError({ kind, call: describeCall(call), server: this.#origin, message, untouched });
  }

  invalidateCredentials(): void {
    this.#deps.credentials.invalidate();
  }

  async close(): Promise<void> {
    this.#closed = true;
    const pools = this.#pools;
    this.#pools = undefined;
    const all = [...this.#retired, ...(pools === undefined ? [] : [pools.calls, pools.watches])];
    await Promise.all(all.map((pool) => pool.destroy()));
  }

  async #open(
    call: ApiCall,
    path: string,
    exchange: Exchange,
    scope: CallScope,
    purpose: 'calls' | 'watches',
  ): Promise<ResponseHead> {
    const identity = await orAborted(this.#identity(call), scope.signal);
    if (this.#closed) throw this.error(call, 'aborted', 'the client is closed', true);
    const headers: Record<string, string> = {
      accept: 'application/json',
      'user-agent': this.#deps.userAgent,
    };
    if (call.contentType !== undefined) headers['content-type'] = call.contentType;
    if (identity.authorization !== undefined) headers.authorization = identity.authorization;
    const options: Dispatcher.DispatchOptions = {
      method: methodOf(call),
      // undici would close the connection after a DELETE with a body.
      reset: false,
      path,
      headers,
      body: call.body ?? null,
      // The scope bounds the whole call; undici's own coarse timers would only add a second answer.
      headersTimeout: 0,
      bodyTimeout: 0,
    };
    this.#poolsFor(identity.tls)[purpose].dispatch(options, exchange);
    return exchange.head;
  }

  async #identity(call: ApiCall): Promise<Identity> {
    try {
      return await this.#deps.credentials.current();
    } catch (error) {
      throw this.error(call, 'credentials', messageOf(error), true);
    }
  }

  #poolsFor(tls: TlsOptions): Pools {
    const old = this.#pools;
    if (old?.tls === tls) return old;
    const options: Pool.Options = {
      allowH2: false,
      pipelining: 1,
      // Below what API servers and the balancers before them keep idle connections for.
      keepAliveTimeout: 20_000,
      connect: { ...tls, timeout: 10_000 },
    };
    const pools: Pools = {
      tls,
      calls: new UndiciPool(this.#origin, { ...options, connections: callConnections }),
      watches: new UndiciPool(this.#origin, options),
    };
    this.#pools = pools;
    if (old !== undefined) for (const pool of [old.calls, old.watches]) void this.#retire(pool);
    return pools;
  }

  async #retire(pool: Pool): Promise<void> {
    this.#retired.add(pool);
    await pool.close().catch(() => undefined);
    this.#retired.delete(pool);
  }

  async #readText(exchange: Exchange): Promise<string> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of exchange.body()) {
      bytes += chunk.length;
      if (bytes > this.#deps.maxResponseBytes)
        throw new ProtocolFault(`the answer is longer than ${this.#deps.maxResponseBytes} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, bytes).toString('utf8');
  }

  async *#guardedBody(call: ApiCall, exchange: Exchange, scope: CallScope): AsyncGenerator<Buffer> {
    try {
      yield* exchange.body();
    } catch (error) {
      throw this.#connectionError(call, error, exchange, scope);
    }
  }

  #failed(
    call: ApiCall,
    started: number,
    error: unknown,
    exchange: Exchange,
    scope: CallScope,
  ): ConnectionError {
    const failure = this.#connectionError(call, error, exchange, scope);
    exchange.abort(failure);
    this.#record(call, started, failure.kind);
    return failure;
  }

  #connectionError(call: ApiCall, error: unknown, exchange: Exchange, scope: CallScope): ConnectionError {
    if (error instanceof ConnectionError) return error;
    const untouched = !exchange.sent;
    let kind: ConnectionErrorKind = untouched ? 'connect' : 'broken';
    if (error instanceof ProtocolFault) kind = 'protocol';
    else if (scope.signal.aborted) kind = scope.signal.reason instanceof TimeUp ? 'timeout' : 'aborted';
    else if (this.#closed) kind = 'aborted';
    return new ConnectionError({
      kind,
      call: describeCall(call),
      server: this.#origin,
      message: messageOf(error),
      untouched,
      cause: error,
    });
  }

  #record(call: ApiCall, started: number, code: CallRecord['code']): void {
    const { verb, subresource } = call;
    const { group, plural } = call.resource;
    const resource = subresource === undefined ? plural : `${plural}/${subresource}`;
    this.#deps.onCall?.({ verb, group, resource, code, durationMs: this.#deps.clock.now() - started });
  }
}

class ProtocolFault extends Error {}

/** Node reports a failed attempt on several addresses as an AggregateError without a message of its own. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  return error instanceof Error && error.message !== '' ? error.message : String(error);
}
