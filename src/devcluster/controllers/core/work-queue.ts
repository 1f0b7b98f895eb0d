import { backoffMs } from '../../../telemetry/backoff.ts';
import type { Clock } from '../../../telemetry/clock.ts';
import type { Log } from '../../../telemetry/log.ts';

export interface WorkQueueDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Of the controller, for the log. */
  readonly name: string;
  /** Brings one key up to date. Returns the milliseconds after which to look again, undefined = only when asked. */
  readonly sync: (key: string) => number | undefined;
}

/** Keys synced before other work of the process gets its turn. */
const batch = 100;
/** Timers hold at most 2^31 ms; whoever waits longer is asked again in between. */
const longestWaitMs = 24 * 3_600_000;

/**
 * Work by key: a key waits at most once however often it is added, an earlier time wins, a failed key comes back
 * after a jittered back-off of 10 ms to 30 s. Syncs run one at a time, never inside the caller of `add`.
 */
export class WorkQueue {
  readonly #deps: WorkQueueDeps;
  readonly #ready = new Set<string>();
  readonly #waiting = new Map<string, { readonly at: number; readonly cancel: () => void }>();
  readonly #failures = new Map<string, number>();
  #cancelDrain: (() => void) | undefined;

  constructor(deps: WorkQueueDeps) {
    this.#deps = deps;
    deps.signal.addEventListener('abort', () => this.#stop(), { once: true });
  }

  add(key: string, delayMs = 0): void {
    const { clock, signal } = this.#deps;
    if (signal.aborted || this.#ready.has(key)) return;
    const at = clock.now() + Math.min(delayMs, longestWaitMs);
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined && waiting.at <= at && delayMs > 0) return;
    waiting?.cancel();
    this.#waiting.delete(key);
    if (delayMs <= 0) {
      this.#makeReady(key);
      return;
    }
    const cancel = clock.schedule(at - clock.now(), () => {
      this.#waiting.delete(key);
      this.#makeReady(key);
    });
    this.#waiting.set(key, { at, cancel });
  }

  #makeReady(key: string): void {
    this.#ready.add(key);
    this.#cancelDrain ??= this.#deps.clock.schedule(0, () => this.#drain());
  }

  #drain(): void {
    this.#cancelDrain = undefined;
    let budget = batch;
    for (const key of this.#ready) {
      if (budget-- === 0) break;
      this.#ready.delete(key);
      this.#syncOne(key);
    }
    if (this.#ready.size > 0) this.#cancelDrain ??= this.#deps.clock.schedule(0, () => this.#drain());
  }

  #syncOne(key: string): void {
    const { sync, log, random, name } = this.#deps;
    try {
      const again = sync(key);
      this.#failures.delete(key);
      if (again !== undefined) this.add(key, Math.max(1, again));
    } catch (error) {
      const failures = this.#failures.get(key) ?? 0;
      this.#failures.set(key, failures + 1);
      const retryInMs = backoffMs(failures, 10, 30_000, random);
      log.warn({ controller: name, key, error: describe(error), failures, retryInMs }, 'sync failed');
      this.add(key, Math.max(1, retryInMs));
    }
  }

  #stop(): void {
    this.#cancelDrain?.();
    for (const { cancel } of this.#waiting.values()) cancel();
    this.#waiting.clear();
    this.#ready.clear();
  }
}

export function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
