import { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import { Client, Pool } from 'undici';
import type { ProviderClock } from '../../contract/clock.ts';
import { delay } from '../../contract/clock.ts';
import { ProviderError } from '../../contract/errors.ts';
import type { Endpoint } from './endpoint.ts';
import { EngineError } from './errors.ts';
import { hijack } from './hijack.ts';

export interface EngineRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** With the version in front. */
  readonly path: string;
  /** Objects are written as JSON, as the engine's filters are; undefined is left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | object | undefined>>;
  /** Bytes are sent as a tar archive, everything else as JSON. */
  readonly body?: object | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default 30 s. For a stream: until its first byte may come. */
  readonly timeoutMs?: number;
  /** False: not to be sent again when the connection broke before it was answered. */
  readonly repeatable?: boolean;
}

export interface ConnectionDeps {
  readonly endpoint: Endpoint;
  readonly clock: ProviderClock;
  readonly random: () => number;
}

const defaultTimeoutMs = 30_000;
/** Requests at the same time; more wait for their turn. */
const connections = 32;
const attempts = 3;
const retryBaseMs = 100;
const maxAnswerBytes = 64 * 2 ** 20;
const maxErrorBytes = 64 * 2 ** 10;

/** HTTP to one engine: bounded calls, and streams that each have a connection of their own. */
export class EngineConnection {
  readonly #deps: ConnectionDeps;
  readonly #pool: Pool;
  readonly #streams = new Set<Client>();
  readonly #hijacked = new Set<Socket>();

  constructor(deps: ConnectionDeps) {
    this.#deps = deps;
    this.#pool = new Pool(deps.endpoint.origin, { ...this.#options(), connections });
  }

  /** Where the engine is, as the user named it. */
  get name(): string {
    return this.#deps.endpoint.name;
  }

  /** Resolves with the answer, parsed; undefined when it is empty. Rejects with EngineError when it is no success. */
  async call<T>(request: EngineRequest, signal: AbortSignal): Promise<T> {
    const bytes = await this.#repeating(request, signal, (limit) => this.#exchange(request, limit));
    if (bytes.length === 0) return undefined as T;
    try {
      return JSON.parse(bytes.toString()) as T;
    } catch (cause) {
      const what = `${request.method} ${request.path}`;
      throw new ProviderError('Retryable', `${this.name} answered ${what} with something that is no JSON`, {
        cause,
      });
    }
  }

  /**
   * Resolves once the answer begins. Reading it may take as long as it likes; it ends with the signal, and leaving the
   * loop over it ends the request.
   */
  async stream(request: EngineRequest, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const client = new Client(this.#deps.endpoint.origin, this.#options());
    this.#streams.add(client);
    const end = (): void => {
      this.#streams.delete(client);
      client.destroy().catch(() => {});
    };
    try {
      const response = await this.#repeating(request, signal, async (limit, attempt) => {
        // The time limit is for the beginning; only the caller's signal may end what follows.
        const begun = AbortSignal.any([signal, attempt.signal]);
        const abort = (): void => attempt.abort(limit.reason);
        limit.addEventListener('abort', abort, { once: true });
        try {
          const answer = await client.request({ ...this.#message(request), signal: begun });
          await this.#refuseFailure(answer);
          return answer;
        } finally {
          limit.removeEventListener('abort', abort);
        }
      });
      return this.#reading(response.body, signal, end);
    } catch (error) {
      end();
      throw error;
    }
  }

  /**
   * Resolves with a connection that belongs to the streams of a process from now on: see hijack. It is asked for once,
   * for what was asked may have begun. The caller ends or destroys it.
   */
  async hijack(request: EngineRequest, signal: AbortSignal): Promise<Socket> {
    const { path, headers, body } = this.#message(request);
    const message = { path, headers: headers as Record<string, string>, body: body as string | undefined };
    const socket = await this.#repeating({ ...request, repeatable: false }, signal, async (limit) => {
      const answer = await hijack(this.#deps.endpoint, message, limit);
      if (answer instanceof Socket) return answer;
      const text = (await readUpTo(answer, maxErrorBytes, 'an error')).toString();
      throw new EngineError(answer.statusCode ?? 0, messageIn(text) || `HTTP ${answer.statusCode}`);
    });
    this.#hijacked.add(socket);
    socket.once('close', () => this.#hijacked.delete(socket));
    return socket;
  }

  async close(): Promise<void> {
    for (const socket of this.#hijacked) socket.destroy();
    await Promise.all([...this.#streams, this.#pool].map((client) => client.destroy()));
  }

  async *#reading(
    body: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
    end: () => void,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* body;
    } catch (error) {
      signal.throwIfAborted();
      throw this.#unanswered(error);
    } finally {
      end();
    }
  }

  async #exchange(request: EngineRequest, signal: AbortSignal): Promise<Buffer> {
    const response = await this.#pool.request({ ...this.#message(request), signal });
    await this.#refuseFailure(response);
    return readUpTo(response.body, maxAnswerBytes, `the answer to ${request.method} ${request.path}`);
  }

  async #refuseFailure({ statusCode, body }: Dispatcher.ResponseData): Promise<void> {
    if (statusCode < 400) return;
    const text = (await readUpTo(body, maxErrorBytes, 'an error')).toString();
    throw new EngineError(statusCode, messageIn(text) || `HTTP ${statusCode}`);
  }

  /** Several attempts while nobody answers: an engine that is being restarted refuses connections for a moment. */
  async #repeating<T>(
    request: EngineRequest,
    signal: AbortSignal,
    work: (limit: AbortSignal, attempt: AbortController) => Promise<T>,
  ): Promise<T> {
    const { clock, random } = this.#deps;
    for (let failures = 1; ; failures++) {
      signal.throwIfAborted();
      const attempt = new AbortController();
      const timeoutMs = request.timeoutMs ?? defaultTimeoutMs;
      const tooLate = new AbortController();
      const cancel = clock.schedule(timeoutMs, () =>
        tooLate.abort(new ProviderError('Retryable', `${this.name} has not answered within ${timeoutMs} ms`)),
      );
      try {
        return await work(AbortSignal.any([signal, tooLate.signal]), attempt);
      } catch (error) {
        signal.throwIfAborted();
        tooLate.signal.throwIfAborted();
        if (error instanceof EngineError || error instanceof ProviderError) throw error;
        if (failures >= attempts || request.repeatable === false) throw this.#unanswered(error);
      } finally {
        cancel();
      }
      const step = retryBaseMs * 4 ** (failures - 1);
      await delay(clock, step / 2 + (random() * step) / 2, signal);
    }
  }

  #unanswered(error: unknown): unknown {
    if (error instanceof ProviderError) return error;
    const why = error instanceof Error ? error.message : String(error);
    return new ProviderError('Retryable', `the container engine at ${this.name} does not answer: ${why}`, {
      cause: error,
    });
  }

  #message({ method, path, query = {}, body, headers = {} }: EngineRequest): Dispatcher.RequestOptions {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query))
      if (value !== undefined)
        parameters.set(name, typeof value === 'object' ? JSON.stringify(value) : String(value));
    const isArchive = body instanceof Uint8Array;
    return {
      method,
      path: parameters.size > 0 ? `${path}?${parameters}` : path,
      headers: {
        ...(body === undefined
          ? {}
          : { 'content-type': isArchive ? 'application/x-tar' : 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isArchive ? body : JSON.stringify(body) }),
    };
  }

  /** Time limits are set per call, on the injected clock. */
  #options(): Client.Options {
    const { socketPath, tls } = this.#deps.endpoint;
    return {
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { ...(socketPath === undefined ? {} : { socketPath }), ...tls },
    };
  }
}

async function readUpTo(body: AsyncIterable<Uint8Array>, maxBytes: number, what: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw new ProviderError('Retryable', `${what} is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** `{"message": "..."}`; Podman adds its cause to it. */
function messageIn(text: string): string {
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer === 'object' && answer !== null && 'message' in answer) return String(answer.message);
  } catch {
    // Something in between has answered.
  }
  return text.trim();
}
