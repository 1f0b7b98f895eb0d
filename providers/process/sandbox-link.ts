import type { Socket } from 'node:net';
import type { ProviderClock } from '../contract/clock.ts';
import { delay } from '../contract/clock.ts';
import { ProviderError, providerErrorKind } from '../contract/errors.ts';
import type { ProviderLog } from '../contract/provider.ts';
import { latestClaim } from './claim.ts';
import type { ProcessTable } from './process-table.ts';
import { isAlive } from './process-table.ts';
import type { Method, Methods } from './protocol.ts';
import type { SandboxRecord, StateRecord } from './records.ts';
import { hasCode, isMissing } from './records.ts';
import type { SandboxStore } from './sandbox-store.ts';
import { SessionConnection } from './session-connection.ts';
import type { SessionRequest } from './session-protocol.ts';
import { ChannelLost, connectTo, ShimChannel } from './shim-channel.ts';
import type { ShimLauncher } from './shim-launcher.ts';

export interface SandboxLinkDeps {
  readonly store: SandboxStore;
  readonly launcher: ShimLauncher;
  readonly table: ProcessTable;
  readonly clock: ProviderClock;
  readonly random: () => number;
  readonly log: ProviderLog;
  /** Every state that the shim tells, in order. */
  onState(state: StateRecord): void;
  /** No shim could be had; the link goes on trying. */
  onUnsupervised(): void;
  /** The sandbox is no more. */
  onGone(): void;
}

const answerMs = 30_000;
/** Shims start a few at a time: with many Pods at once the last waits for all others. */
const firstStateMs = 120_000;
const socketAppearsMs = 10_000;
const socketPauseMs = 20;
const firstPauseMs = 100;
const longestPauseMs = 10_000;
/** A shim that served this long was in order; the next loss is answered at once. */
const provenMs = 10_000;

/**
 * The runtime's tie to one sandbox: stays connected to its shim, connects anew when the connection breaks, and starts
 * another shim when the last one is dead. Runs from {@link SandboxLink.open} to {@link SandboxLink.close}.
 */
export class SandboxLink {
  readonly record: SandboxRecord;
  readonly #deps: SandboxLinkDeps;
  readonly #end = new AbortController();
  readonly #waiters = new Set<() => void>();
  #channel: ShimChannel | undefined;
  /** Of the shim that it is connected to. */
  #generation = 0;
  #state: StateRecord | undefined;
  #gone = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(record: SandboxRecord, deps: SandboxLinkDeps) {
    this.record = record;
    this.#deps = deps;
  }

  open(): void {
    this.#loop = this.#run();
  }

  /** The last state that the shim told, while it is connected. */
  get liveState(): StateRecord | undefined {
    return this.#channel === undefined ? undefined : this.#state;
  }

  /** The state as soon as a shim has told it. */
  async state(signal: AbortSignal): Promise<StateRecord> {
    const within = AbortSignal.any([signal, AbortSignal.timeout(firstStateMs)]);
    for (;;) {
      await this.#connected(within);
      if (this.#state !== undefined) return this.#state;
      await this.#change(within);
    }
  }

  /** Calls the shim. Calls are idempotent. */
  request<M extends Method>(
    method: M,
    params: Methods[M]['params'],
    signal: AbortSignal,
  ): Promise<Methods[M]['result']> {
    return this.#ask(method, signal, (channel, within) => channel.request(method, params, within));
  }

  /** Begins an exec or attach, up to the point where the shim has opened its streams. */
  openSession(request: SessionRequest, signal: AbortSignal): Promise<SessionConnection> {
    return this.#ask('session', signal, async (_channel, within) =>
      SessionConnection.open(await this.#connectSession(), request, within),
    );
  }

  async close(): Promise<void> {
    this.#end.abort();
    this.#channel?.close();
    this.#wake();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { clock, log, random, onUnsupervised, onGone } = this.#deps;
    const { signal } = this.#end;
    for (let failures = 0; !signal.aborted; failures += 1) {
      const since = clock.now();
      try {
        this.#channel = await this.#open();
        if (signal.aborted) this.#channel.close();
        this.#wake();
        await this.#channel.closed;
        if (clock.now() - since > provenMs) failures = 0;
        if (!signal.aborted) log.debug({ sandbox: this.record.id }, 'lost the connection to the shim');
      } catch (error) {
        if (signal.aborted) break;
        if (providerErrorKind(error) === 'NotFound') {
          this.#gone = true;
          this.#wake();
          return onGone();
        }
        log.warn({ sandbox: this.record.id, err: error }, 'no shim for this sandbox; trying again');
        onUnsupervised();
      }
      this.#channel = undefined;
      this.#state = undefined;
      const step = Math.min(longestPauseMs, firstPauseMs * 2 ** failures);
      await delay(clock, failures === 0 ? 0 : step / 2 + (random() * step) / 2, signal);
    }
  }

  async #open(): Promise<ShimChannel> {
    const { store, launcher, table } = this.#deps;
    const { id, mark } = this.record;
    if ((await store.read(id))?.mark !== mark)
      throw new ProviderError('NotFound', `sandbox ${id} is no more`);
    if (store.isBeingRemoved(id)) throw new ProviderError('Retryable', `sandbox ${id} is being removed`);
    const folder = store.folder(id);
    let claim = latestClaim(folder);
    if (claim === undefined || !isAlive(table, claim.process)) {
      await launcher.launch(folder, mark);
      claim = latestClaim(folder);
    }
    if (claim === undefined) throw new ProviderError('Retryable', `no shim has claimed sandbox ${id}`);
    const { process: shim, generation } = claim;
    this.#generation = generation;
    const socket = await this.#connect(store.socketPath(id, generation), () => isAlive(table, shim));
    return new ShimChannel(socket, (state) => {
      this.#state = state;
      this.#wake();
      this.#deps.onState(state);
    });
  }

  /** A shim that has just claimed its sandbox has no socket yet. */
  async #connect(path: string, isShimAlive: () => boolean): Promise<Socket> {
    const { clock } = this.#deps;
    const deadline = clock.now() + socketAppearsMs;
    for (;;) {
      try {
        return await connectTo(path);
      } catch (error) {
        const early = isMissing(error) || hasCode(error, 'ECONNREFUSED');
        if (!early || !isShimAlive() || clock.now() > deadline || this.#end.signal.aborted) throw error;
        await delay(clock, socketPauseMs, this.#end.signal);
      }
    }
  }

  /** Repeats what is lost together with the connection. */
  async #ask<T>(
    what: string,
    signal: AbortSignal,
    attempt: (channel: ShimChannel, within: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const late = AbortSignal.timeout(answerMs);
    const within = AbortSignal.any([signal, late]);
    try {
      for (;;) {
        const channel = await this.#connected(within);
        try {
          return await attempt(channel, within);
        } catch (error) {
          if (!(error instanceof ChannelLost)) throw error;
          await unlessFired(channel.closed, within);
        }
      }
    } catch (error) {
      if (late.aborted && !signal.aborted)
        throw new ProviderError('Retryable', `the shim did not answer "${what}" within ${answerMs} ms`);
      throw error;
    }
  }

  async #connectSession(): Promise<Socket> {
    const { store } = this.#deps;
    const { id } = this.record;
    try {
      return await connectTo(store.sessionSocketPath(id, this.#generation));
    } catch (error) {
      if (isMissing(error) && store.hasSandbox(id))
        throw new ProviderError(
          'Unsupported',
          'an earlier version of Burstlet has started this Pod; delete it and let it be created again to exec or attach',
        );
      throw new ChannelLost('the shim was lost', { cause: error });
    }
  }

  async #connected(signal: AbortSignal): Promise<ShimChannel> {
    for (;;) {
      if (this.#gone) throw new ProviderError('NotFound', `sandbox ${this.record.id} is no more`);
      if (this.#end.signal.aborted)
        throw new ProviderError(
          'Retryable',
          `sandbox ${this.record.id} is being removed, or the runtime is closed`,
        );
      if (this.#channel !== undefined) return this.#channel;
      await this.#change(signal);
    }
  }

  /** The next connection, state or end. */
  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#waiters.delete(wake);
        reject(signal.reason);
      };
      const wake = (): void => {
        signal.removeEventListener('abort', abort);
        resolve();
      };
      if (signal.aborted) return abort();
      signal.addEventListener('abort', abort, { once: true });
      this.#waiters.add(wake);
    });
  }

  #wake(): void {
    for (const wake of this.#waiters) wake();
    this.#waiters.clear();
  }
}

function unlessFired(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
