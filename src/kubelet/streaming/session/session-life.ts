import { type Clock, pause } from '../../../telemetry/clock.ts';
import type { Client } from './client.ts';

export interface SessionLifeDeps {
  readonly clock: Clock;
  readonly client: Client;
  /** Fires when the server closes. */
  readonly closing: AbortSignal;
}

/** How long a call may take to settle after it was told to end. */
const settleMs = 2_000;
/** How long a client may take to hear why its session ends before its time. */
const partingMs = 4_000;

export type CallResult<T> =
  | { readonly kind: 'returned'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown };

/**
 * What ends a session before its time: the client left, or the server closes. The signal fires at once in each case, and in
 * any case when the session is over.
 */
export class SessionLife {
  readonly #deps: SessionLifeDeps;
  readonly #ending = new AbortController();
  readonly #over = new AbortController();
  #cancelParting: () => void = () => undefined;

  constructor(deps: SessionLifeDeps) {
    this.#deps = deps;
    const { client, closing } = deps;
    const left = (): void => this.#ending.abort(new Error('the client has left'));
    const closed = (): void => this.#part();
    if (client.gone.aborted) left();
    if (closing.aborted) closed();
    const scope = { once: true, signal: this.#over.signal };
    client.gone.addEventListener('abort', left, scope);
    closing.addEventListener('abort', closed, scope);
  }

  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** Never rejects. A call that was told to end has failed for the reason of that, whatever it made of it. */
  async run<T>(call: (signal: AbortSignal) => Promise<T>): Promise<CallResult<T>> {
    const { signal } = this;
    const cut = (): CallResult<T> => ({ kind: 'failed', error: signal.reason });
    if (signal.aborted) return cut();
    const done = new AbortController();
    const attempt = async (): Promise<CallResult<T>> => {
      try {
        const value = await call(signal);
        return signal.aborted ? cut() : { kind: 'returned', value };
      } catch (error) {
        return signal.aborted ? cut() : { kind: 'failed', error };
      }
    };
    const result = await Promise.race([attempt(), this.#givenUp(done.signal).then(cut)]);
    done.abort();
    return result;
  }

  /** Ends what still hangs on the session. */
  close(): void {
    this.#ending.abort(new Error('the session is over'));
    this.#over.abort();
    this.#cancelParting();
    this.#deps.client.destroy();
  }

  /** The client hears why, but has not for ever to take it. */
  #part(): void {
    const { clock, client } = this.#deps;
    this.#ending.abort(new Error('the API of the node is closing'));
    this.#cancelParting = clock.schedule(partingMs, () => client.destroy());
  }

  /** Resolves some time after the signal: a call that does not end must not hold the session. */
  async #givenUp(done: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) =>
      this.signal.addEventListener('abort', () => resolve(), { once: true, signal: done }),
    );
    await pause(this.#deps.clock, settleMs, done);
  }
}
