import { type InstanceProvider, type OwnerScope, ProviderError } from '../../../providers/contract/index.ts';
import { type Clock, pause } from '../../telemetry/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import type { NodeUsage } from './usage.ts';
import { UsageCounts } from './usage-counts.ts';

export interface UsageSourceDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly provider: Pick<InstanceProvider, 'name' | 'stats'>;
  readonly scope: OwnerScope;
  /** Whether a Pod is still bound to the node. */
  readonly isKnown: (podUid: string) => boolean;
}

/** However many scrape, the provider is asked this often at most. */
const freshMs = 5_000;
/** What was measured longer ago is not published. */
const staleMs = 60_000;
/** A scrape that has waited so long is answered with what there is: scrapers give up after ten seconds. */
const answerMs = 8_000;
const callMs = 30_000;

/** The usage of the node's Pods. One measurement at a time, shared by all who ask. */
export class UsageSource {
  readonly #deps: UsageSourceDeps;
  readonly #counts = new UsageCounts();
  #usage: NodeUsage | undefined;
  #trouble: unknown;
  #askedAt = Number.NEGATIVE_INFINITY;
  #measuring: Promise<void> | undefined;
  /** Scrapes that wait: a measurement goes on while there are none, but not beyond its own limit. */
  readonly #closing = new AbortController();

  constructor(deps: UsageSourceDeps) {
    this.#deps = deps;
  }

  /** The latest measurement. Rejects when the provider measures nothing, or has not for a minute. */
  async latest(): Promise<NodeUsage> {
    const { clock, provider } = this.#deps;
    if (provider.stats === undefined)
      throw new ProviderError('Unsupported', `the provider ${provider.name} does not measure usage`);
    if (this.#measuring === undefined && clock.now() - this.#askedAt >= freshMs) {
      this.#askedAt = clock.now();
      this.#measuring = this.#measure().finally(() => {
        this.#measuring = undefined;
      });
    }
    if (this.#measuring !== undefined) await this.#bounded(this.#measuring);
    if (this.#usage !== undefined && clock.now() - this.#usage.at <= staleMs) return this.#usage;
    throw this.#trouble ?? new ProviderError('Retryable', `the provider ${provider.name} does not answer`);
  }

  /** Ends the measurement that is under way. */
  close(): void {
    this.#closing.abort(new Error('the node API is closed'));
  }

  async #bounded(measuring: Promise<void>): Promise<void> {
    const answered = new AbortController();
    await Promise.race([measuring, pause(this.#deps.clock, answerMs, answered.signal)]);
    answered.abort();
  }

  /** Never rejects. */
  async #measure(): Promise<void> {
    const { clock, log, provider, scope, isKnown } = this.#deps;
    const late = new AbortController();
    const cancel = clock.schedule(callMs, () => late.abort(new Error(`no answer after ${callMs / 1000} s`)));
    const signal = AbortSignal.any([late.signal, this.#closing.signal]);
    try {
      const asked = provider.stats?.(scope, signal) ?? [];
      const stats = await Promise.race([asked, aborted(signal)]);
      this.#usage = this.#counts.take(stats, clock.now(), isKnown);
      this.#trouble = undefined;
    } catch (error) {
      if (this.#trouble === undefined && !this.#closing.signal.aborted)
        log.warn({ error: String(error) }, 'the usage of the Pods cannot be measured');
      this.#trouble = error;
    } finally {
      cancel();
      late.abort();
    }
  }
}

/** Rejects when the signal fires: a provider may not heed it. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
