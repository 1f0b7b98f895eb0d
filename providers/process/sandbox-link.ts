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

  /** Calls the shim. Calls other than exec are idempotent, and are repeated when the connection breaks. */
  async request<M extends Method>(
    method: M,
    params: Methods[M]['params'],
    signal: AbortSignal,
    timeoutMs: number = answerMs,
  ): Promise<Methods[M]['result']> {
    const late = AbortSignal.timeout(timeoutMs);
    const within = AbortSignal.any([signal, late]);
    try {
      for (;;) {
        const channel = await this.#connected(within);
        try {
          return await channel.request(method, params, within);
        } catch (error) {
          if (!(error instanceof ChannelLost)) throw error;
          if (method === 'exec') throw new ProviderError('Retryable', error.message, { cause: error });
          await channel.closed;
        }
      }
    } catch (error) {
      if (late.aborted && !signal.aborted)
        throw new ProviderError('Retryable', `the shim did not answer "${method}" within ${timeoutMs} ms`);
      throw error;
    }
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
