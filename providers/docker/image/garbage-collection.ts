import type { ProviderClock } from '../../contract/clock.ts';
import type { ProviderLog } from '../../contract/provider.ts';
import type { Engine } from '../engine/engine.ts';
import { hasStatus, unlessGone } from '../engine/errors.ts';
import type { ImageLedger, LedgerEntry } from './ledger.ts';

/** In percent of the disk, as imageGCHighThresholdPercent and imageGCLowThresholdPercent of a kubelet. */
export interface Thresholds {
  /** From here on images are removed, ... */
  readonly highThresholdPercent: number;
  /** ... until no more than this is used. */
  readonly lowThresholdPercent: number;
}

/** The kubelet's ImageGCPeriod and imageMinimumGCAge (pkg/kubelet/images/image_gc_manager.go). */
const periodMs = 300_000;
const leastAgeMs = 120_000;
const passTimeoutMs = 120_000;

export interface GarbageCollectionDeps {
  readonly engine: Engine;
  readonly ledger: ImageLedger;
  readonly clock: ProviderClock;
  readonly log: ProviderLog;
  readonly thresholds: Thresholds;
  /** Percent of the disk with the engine's data that is used. */
  readonly usedPercent: (signal: AbortSignal) => Promise<number>;
}

/**
 * Removes images when the engine's disk fills up, those first that were used longest ago. Only what this provider has
 * pulled, only by the name it was pulled by, and never what a container of anybody uses.
 */
export class ImageGarbageCollection {
  readonly #deps: GarbageCollectionDeps;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(deps: GarbageCollectionDeps) {
    this.#deps = deps;
  }

  /** To be called often; looks once in a period. Never rejects. */
  async look(): Promise<void> {
    const { clock, log } = this.#deps;
    if (clock.now() - this.#lookedAt < periodMs) return;
    this.#lookedAt = clock.now();
    try {
      await this.#pass(AbortSignal.timeout(passTimeoutMs));
    } catch (error) {
      const err = error instanceof Error ? error.message : String(error);
      log.warn({ err }, 'images could not be looked after');
    }
  }

  async #pass(signal: AbortSignal): Promise<void> {
    const { engine, ledger, log, thresholds, usedPercent } = this.#deps;
    const { highThresholdPercent: high, lowThresholdPercent: low } = thresholds;
    const containers = await engine.containers({}, signal);
    const inUse = new Set(containers.map(({ ImageID }) => ImageID));
    for (const id of inUse) await ledger.used(id);
    let used = await usedPercent(signal);
    if (used >= high)
      for (const entry of await ledger.entries()) {
        if (used <= low) break;
        if (inUse.has(entry.id) || this.#isYoung(entry)) continue;
        if (!(await this.#remove(entry, signal))) continue;
        used = await usedPercent(signal);
        log.info({ image: entry.name, usedPercent: used }, 'image removed, for the disk was filling up');
      }
    await ledger.save();
    if (used >= high)
      log.warn(
        { usedPercent: used, highThresholdPercent: high },
        'the disk of the container engine is filling up, and no image that may be removed is left',
      );
  }

  #isYoung({ pulledAt, usedAt }: LedgerEntry): boolean {
    return this.#deps.clock.now() - Math.max(pulledAt, usedAt) < leastAgeMs;
  }

  /** False when a container has begun to use it. */
  async #remove({ id, name }: LedgerEntry, signal: AbortSignal): Promise<boolean> {
    const { engine, ledger } = this.#deps;
    try {
      const named = await this.#find(name, signal);
      if (named?.Id === id) await unlessGone(engine.removeImage(name, signal));
      // Its name may have gone to a newer one. Whoever has given it another name wants to keep it.
      const left = await this.#find(id, signal);
      if (left !== undefined && (left.RepoTags ?? []).length === 0)
        await unlessGone(engine.removeImage(id, signal));
    } catch (error) {
      if (hasStatus(error, 409)) return false;
      throw error;
    }
    await ledger.forget(id);
    return true;
  }

  async #find(reference: string, signal: AbortSignal) {
    try {
      return await this.#deps.engine.image(reference, signal);
    } catch (error) {
      if (hasStatus(error, 404)) return undefined;
      throw error;
    }
  }
}
