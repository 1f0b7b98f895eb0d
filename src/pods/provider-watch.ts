import type { InstanceProvider, Notice, OwnerScope } from '../../providers/contract/index.ts';
import { backoffMs } from '../telemetry/backoff.ts';
import { type Clock, pause } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import type { InstanceTable } from './instance-table.ts';
import { bounded } from './provider-calls.ts';

export interface ProviderWatchDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly provider: InstanceProvider;
  readonly scope: OwnerScope;
  readonly table: InstanceTable;
  /** After each complete list. */
  readonly onListed: () => void;
  /** Of the instance of this Pod. */
  readonly onNotice: (podUid: string, notice: Notice) => void;
  /** What the provider's health is: undefined, or why it cannot be listed. */
  readonly onHealth: (trouble: unknown) => void;
}

/** Between two sweeps of a healthy provider. */
const sweepMs = 60_000;
/** When the latest list lacked something that was there before. */
const doubtMs = 2_000;
/** Between two lists, however many ask. */
const lookMs = 500;

/**
 * Keeps the instance table true: observes first, then lists, so that nothing falls between; lists again for ever (the
 * sweep), sooner when the last list raised a doubt or somebody asked.
 */
export class ProviderWatch {
  readonly #deps: ProviderWatchDeps;
  #listed = false;
  #wanted: ((error?: unknown) => void)[] = [];
  #wake: () => void = () => {};

  constructor(deps: ProviderWatchDeps) {
    this.#deps = deps;
  }

  /** The provider's side was seen whole at least once. */
  get listed(): boolean {
    return this.#listed;
  }

  /** Resolves after a list that begins now or later; rejects when that list failed. */
  look(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#wanted.push((error) => (error === undefined ? resolve() : reject(error)));
      this.#wake();
    });
  }

  /** Runs until the signal fires. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        await this.#session(signal, () => {
          failures = 0;
        });
      } catch (error) {
        if (signal.aborted) break;
        this.#deps.onHealth(error);
        this.#deps.log.warn(
          { error: String(error), failures },
          'the provider cannot be observed; trying again',
        );
        await pause(this.#deps.clock, backoffMs(failures++, 500, 30_000, this.#deps.random), signal);
      }
    }
    this.#answer(this.#wanted.splice(0), new Error('the node is stopping'));
  }

  /** One observation with its lists; rejects when either breaks. */
  async #session(signal: AbortSignal, healthy: () => void): Promise<void> {
    const { clock, onNotice, provider, scope, table } = this.#deps;
    const session = new AbortController();
    const end = (): void => session.abort();
    signal.addEventListener('abort', end, { once: true });
    let broken: unknown;
    const observed = provider
      .observe(
        scope,
        (event) => (event.type === 'notice' ? onNotice(event.ref.podUid, event.notice) : table.apply(event)),
        session.signal,
      )
      .catch((error: unknown) => {
        broken = error ?? new Error('observation failed');
      })
      .finally(end);
    try {
      while (!session.signal.aborted) {
        await this.#list(session.signal);
        healthy();
        await this.#rest(
          table.doubtful ? doubtMs : Math.round(sweepMs * (0.9 + 0.2 * this.#deps.random())),
          session.signal,
        );
        if (!session.signal.aborted) await pause(clock, lookMs, session.signal);
      }
    } catch (error) {
      // An observation that breaks ends the list with it: it is what is wrong.
      if (broken === undefined) throw error;
    } finally {
      end();
      signal.removeEventListener('abort', end);
      await observed;
    }
    if (!signal.aborted) throw broken ?? new Error('the provider ended its observation');
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { clock, provider, scope, table } = this.#deps;
    const waiters = this.#wanted.splice(0);
    try {
      const since = table.version;
      const instances = await bounded(clock, signal, (bound) => provider.list(scope, bound));
      table.applyList(instances, since);
      this.#listed = true;
      this.#deps.onHealth(undefined);
      this.#answer(waiters);
      this.#deps.onListed();
    } catch (error) {
      this.#answer(waiters, error ?? new Error('list failed'));
      throw error;
    }
  }

  #answer(waiters: readonly ((error?: unknown) => void)[], error?: unknown): void {
    for (const settle of waiters) settle(error);
  }

  /** Sleeps; woken early by {@link look}. */
  async #rest(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#wanted.length > 0) return;
    const woken = new AbortController();
    const wake = (): void => woken.abort();
    signal.addEventListener('abort', wake, { once: true });
    this.#wake = wake;
    await pause(this.#deps.clock, ms, woken.signal);
    signal.removeEventListener('abort', wake);
    this.#wake = () => {};
  }
}
