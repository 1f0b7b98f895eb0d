import { isDeepStrictEqual } from 'node:util';
import type { ProviderClock } from './clock.ts';
import { delay, wallClock } from './clock.ts';
import { ProviderError, providerErrorKind } from './errors.ts';
import type { Instance } from './instance.ts';
import type { OwnerScope } from './ownership.ts';
import type { InstanceListener } from './provider.ts';

export interface PollerDeps {
  /** As InstanceProvider.list: complete or rejected. */
  list(scope: OwnerScope, signal: AbortSignal): Promise<readonly Instance[]>;
  /** Milliseconds between two looks while something is in motion. Default 1,000. */
  readonly fastMs?: number;
  /** Milliseconds between two looks in quiet times. Default 15,000. */
  readonly slowMs?: number;
  /** Milliseconds after which a look is given up. Default 30,000. */
  readonly timeoutMs?: number;
  /** Looks in a row in which an instance must be missing before it counts as gone. Default 2: some platforms list late. */
  readonly absences?: number;
  readonly clock?: ProviderClock;
  readonly random?: () => number;
}

/** Failed looks in a row after which the observer is told that nothing can be seen any more. */
const failuresBeforeGivingUp = 5;

/** The wait after a look is at least this many times as long as the look took, so that other calls find room. */
const restPerWork = 2;

interface Sighting {
  readonly instance: Instance;
  readonly absences: number;
}

/**
 * Turns a platform that must be asked into one that tells: `observe` for adapters that have only `list`. One listing
 * serves all instances. The period adapts: fast while an instance is on its way somewhere, after a change, or after
 * {@link Poller.nudge}; slow when nothing happens; and never more than a third of the time is spent asking.
 */
export class Poller {
  readonly #deps: Required<PollerDeps>;
  /** What ends the present wait of each observer early. */
  readonly #wakers = new Set<() => void>();
  #nudges = 0;

  constructor(deps: PollerDeps) {
    this.#deps = {
      fastMs: 1_000,
      slowMs: 15_000,
      timeoutMs: 30_000,
      absences: 2,
      clock: wallClock,
      random: Math.random,
      ...deps,
    };
  }

  /** Look soon: something was asked for (create, stop, delete) whose effect is worth seeing. */
  nudge(): void {
    this.#nudges++;
    for (const wake of this.#wakers) wake();
  }

  /** As InstanceProvider.observe. Rejects after five failed looks in a row, or at once when repeating cannot help. */
  async observe(scope: OwnerScope, listener: InstanceListener, signal: AbortSignal): Promise<void> {
    const { clock, fastMs, slowMs } = this.#deps;
    let seen: ReadonlyMap<string, Sighting> = new Map();
    let failures = 0;
    let periodMs = fastMs;
    while (!signal.aborted) {
      const startedAt = clock.now();
      const nudges = this.#nudges;
      try {
        const listed = await this.#look(scope, signal);
        if (signal.aborted) return;
        failures = 0;
        const { sightings, moved } = this.#tell(seen, listed, listener);
        seen = sightings;
        periodMs = moved ? fastMs : Math.min(slowMs, periodMs * 1.5);
        const restMs = Math.max(fastMs, restPerWork * (clock.now() - startedAt));
        await delay(clock, restMs, signal);
        if (nudges === this.#nudges) await this.#linger(periodMs - restMs, signal);
        if (nudges !== this.#nudges) periodMs = fastMs;
      } catch (error) {
        if (signal.aborted) return;
        await delay(clock, this.#restAfter(error, ++failures), signal);
      }
    }
  }

  async #look(scope: OwnerScope, signal: AbortSignal): Promise<readonly Instance[]> {
    const { clock, timeoutMs } = this.#deps;
    const tooLate = new AbortController();
    const cancel = clock.schedule(timeoutMs, () =>
      tooLate.abort(new ProviderError('Retryable', `no listing within ${timeoutMs} ms`)),
    );
    try {
      return await this.#deps.list(scope, AbortSignal.any([signal, tooLate.signal]));
    } finally {
      cancel();
    }
  }

  /** Reports what is different from last time. `moved`: something changed or is on its way. */
  #tell(
    seen: ReadonlyMap<string, Sighting>,
    listed: readonly Instance[],
    listener: InstanceListener,
  ): { sightings: Map<string, Sighting>; moved: boolean } {
    const sightings = new Map<string, Sighting>();
    let moved = false;
    for (const instance of listed) {
      const before = seen.get(instance.ref.id)?.instance;
      const changed = before === undefined || !isDeepStrictEqual(before, instance);
      sightings.set(instance.ref.id, { instance: changed ? instance : before, absences: 0 });
      moved ||= changed || instance.phase === 'Pending' || instance.phase === 'Stopping';
      if (changed) listener({ type: 'changed', instance });
    }
    for (const [id, { instance, absences }] of seen) {
      if (sightings.has(id)) continue;
      moved = true;
      if (absences + 1 < this.#deps.absences) sightings.set(id, { instance, absences: absences + 1 });
      else listener({ type: 'gone', ref: instance.ref });
    }
    return { sightings, moved };
  }

  #restAfter(error: unknown, failures: number): number {
    const kind = providerErrorKind(error);
    if ((kind !== 'Retryable' && kind !== 'Throttled') || failures >= failuresBeforeGivingUp) throw error;
    const { fastMs, random } = this.#deps;
    const step = fastMs * 2 ** failures;
    const asked = error instanceof ProviderError ? (error.retryAfterMs ?? 0) : 0;
    return Math.max(asked, step / 2 + (random() * step) / 2);
  }

  /** Waits `ms`, or less when nudged. */
  async #linger(ms: number, signal: AbortSignal): Promise<void> {
    if (ms <= 0) return;
    const woken = new AbortController();
    const wake = (): void => woken.abort();
    this.#wakers.add(wake);
    await delay(this.#deps.clock, ms, AbortSignal.any([signal, woken.signal]));
    this.#wakers.delete(wake);
  }
}
