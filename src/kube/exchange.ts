import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

/** Bytes that wait for the reader before the socket is paused. */
const highWaterBytes = 256 * 1024;

export interface ResponseHead {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/**
 * One request and its answer on an undici dispatcher. Used in place of `dispatcher.request()` because it knows whether
 * the request was ever sent, which decides whether a write may be repeated.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #head = Promise.withResolvers<ResponseHead>();
  #controller: Dispatcher.DispatchController | undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #ended = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;
  readonly #signal: AbortSignal;
  readonly #onAbort = (): void => this.abort(asError(this.#signal.reason));

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    // The reader may already have given up when the head fails.
    this.#head.promise.catch(() => undefined);
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** False as long as not one byte of the request can have left. */
  get sent(): boolean {
    return this.#controller !== undefined;
  }

  /** Status and headers; rejects when the exchange fails before. */
  get head(): Promise<ResponseHead> {
    return this.#head.promise;
  }

  /** Ends the exchange with this error. A request that has not started is never sent. */
  abort(reason: Error): void {
    if (this.#ended || this.#error !== undefined) return;
    this.#fail(reason);
    this.#controller?.abort(reason);
  }

  /** The body, piece by piece; throws when it breaks off. Leaving the loop early closes the connection. */
  async *body(): AsyncGenerator<Buffer, void, undefined> {
    try {
      for (;;) {
        const chunks = this.#chunks;
        if (chunks.length > 0) {
          this.#chunks = [];
          this.#bytes = 0;
          this.#controller?.resume();
          yield* chunks;
          continue;
        }
        if (this.#error !== undefined) throw this.#error;
        if (this.#ended) return;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      this.abort(new Error('the reader stopped'));
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#error !== undefined) {
      controller.abort(this.#error);
      return;
    }
    this.#controller = controller;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (status >= 200) this.#head.resolve({ status, headers });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes > highWaterBytes) controller.pause();
    this.#tell();
  }

  onResponseEnd(): void {
    this.#ended = true;
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#tell();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error);
  }

  #fail(error: Error): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#head.reject(error);
    this.#tell();
  }

  #tell(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
