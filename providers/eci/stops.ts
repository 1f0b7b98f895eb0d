import type { InstanceRef, ProviderClock } from '../contract/index.ts';
import { delay, ProviderError, providerErrorKind } from '../contract/index.ts';
import type { Calls } from './api/calls.ts';
import { codeOf } from './api/errors.ts';
import type { Fleet } from './fleet.ts';
import type { KnownInstances } from './known.ts';

/** Between two looks whether a deleted group is gone. */
const firstLookMs = 300;
const longestLookMs = 2_000;

export interface StopsDeps {
  readonly calls: Calls;
  readonly fleet: Fleet;
  readonly known: KnownInstances;
  readonly clock: ProviderClock;
  readonly closed: AbortSignal;
  readonly warn: (fields: Readonly<Record<string, unknown>>, message: string) => void;
}

interface Kill {
  /** Milliseconds since the epoch. */
  readonly at: number;
  cancel(): void;
}

/**
 * How instances end. The API has one call for it: it deletes, and lets containers end first. Its grace period is that
 * of the Pod, so a shorter one is kept here, with a second call that does not wait.
 */
export class Stops {
  readonly #deps: StopsDeps;
  readonly #kills = new Map<string, Kill>();

  constructor(deps: StopsDeps) {
    this.#deps = deps;
  }

  async stop(ref: InstanceRef, gracePeriodSeconds: number, signal: AbortSignal): Promise<void> {
    const { known, fleet } = this.#deps;
    const instance = known.get(ref.id) ?? (await fleet.look(ref.id, 'delete', signal));
    if (instance === undefined) throw new ProviderError('NotFound', `there is no instance ${ref.id}`);
    // What has ended by itself stays readable until it is deleted.
    if (instance.phase === 'Stopped') return;
    this.#killLater(ref.id, gracePeriodSeconds * 1000);
    if (known.isStopAsked(ref.id)) return;
    // The API refuses a second call of the same kind.
    if (instance.phase !== 'Stopping') await this.#delete(ref.id, false, signal);
    known.stopAsked(ref.id);
  }

  /** Resolves when the platform has proven that it does not have the group any more. */
  async delete(ref: InstanceRef, signal: AbortSignal): Promise<void> {
    const { known, fleet, clock } = this.#deps;
    this.#forgetKill(ref.id);
    // The stop was a delete already, and calls are rationed.
    if (known.isGone(ref.id)) return known.deleted(ref.id);
    await this.#delete(ref.id, true, signal);
    known.killed(ref.id);
    for (let restMs = firstLookMs; await fleet.isThere(ref.id, 'delete', signal); ) {
      await delay(clock, restMs, signal);
      restMs = Math.min(longestLookMs, restMs * 2);
    }
    known.deleted(ref.id);
  }

  close(): void {
    for (const id of [...this.#kills.keys()]) this.#forgetKill(id);
  }

  /** Already unknown is already done, and what is on its way out is only to be waited for. */
  async #delete(id: string, force: boolean, signal: AbortSignal): Promise<void> {
    try {
      await this.#deps.calls.call(
        'deleteContainerGroup',
        { containerGroupId: id },
        { urgency: 'delete', ...(force && { further: { Force: 'true' } }) },
        signal,
      );
    } catch (error) {
      const isConflict = force && codeOf(error) === 'OperationConflict';
      if (providerErrorKind(error) !== 'NotFound' && !isConflict) throw error;
    }
  }

  /** A second stop may shorten the time that is left, never lengthen it. */
  #killLater(id: string, graceMs: number): void {
    const { clock } = this.#deps;
    const at = clock.now() + graceMs;
    const before = this.#kills.get(id);
    if (before !== undefined && before.at <= at) return;
    before?.cancel();
    const cancel = clock.schedule(graceMs, () => void this.#kill(id));
    this.#kills.set(id, { at, cancel });
  }

  async #kill(id: string): Promise<void> {
    const { known, closed, warn } = this.#deps;
    this.#kills.delete(id);
    if (known.get(id)?.phase !== 'Stopping') return;
    try {
      await this.#delete(id, true, closed);
      known.killed(id);
    } catch (error) {
      if (!closed.aborted)
        warn({ instance: id, error: String(error) }, 'an instance could not be killed in time');
    }
  }

  #forgetKill(id: string): void {
    this.#kills.get(id)?.cancel();
    this.#kills.delete(id);
  }
}
