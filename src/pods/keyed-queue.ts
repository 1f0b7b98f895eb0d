import { isConflict } from '../kube/errors.ts';
import { backoffMs } from '../telemetry/backoff.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';

export interface KeyedQueueDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

export interface KeyedQueueOptions {
  /** Handlers at the same time; never two of one key. */
  readonly concurrency: number;
  /** Wait after the first failure of a key, doubled up to `capMs`. */
  readonly baseMs?: number;
  readonly capMs?: number;
  /** Told how long a key waited for its turn. */
  readonly onTurn?: (waitedMs: number) => void;
}

/** First what is under way, then what is new, then what has failed: each lane passes the next. */
const lanes = ['ahead', 'fresh', 'retry'] as const;
type Lane = (typeof lanes)[number];

interface Entry {
  failures: number;
  running: boolean;
  /** Asked for again while it ran. */
  dirty: boolean;
  waiting: Lane | undefined;
  /** Since when it waits. */
  since: number;
  timer: { readonly at: number; readonly cancel: () => void } | undefined;
}

/**
 * Work by key: any number of adds while a key waits make one run, an add while it runs makes one more. A handler that rejects is repeated with a growing, jittered wait, for ever: a key is never
 * forgotten, for behind it may stand an instance that costs money.
 */
export class KeyedQueue {
  readonly #deps: KeyedQueueDeps;
  readonly #options: Required<KeyedQueueOptions>;
  readonly #handler: (key: string, signal: AbortSignal) => Promise<void>;
  readonly #entries = new Map<string, Entry>();
  readonly #waiting: Readonly<Record<Lane, Set<string>>> = {
    ahead: new Set(),
    fresh: new Set(),
    retry: new Set(),
  };
  #running = 0;
  #signal: AbortSignal | undefined;
  #idle: (() => void)[] = [];

  constructor(
    deps: KeyedQueueDeps,
    options: KeyedQueueOptions,
    handler: (key: string, signal: AbortSignal) => Promise<void>,
  ) {
    this.#deps = deps;
    this.#options = { baseMs: 200, capMs: 60_000, onTurn: () => undefined, ...options };
    this.#handler = handler;
  }

  /** Keys that wait or run; those that sleep until a later time are not counted. */
  get depth(): number {
    return lanes.reduce((sum, lane) => sum + this.#waiting[lane].size, this.#running);
  }

  /** Runs the key as soon as there is a free place; `ahead` of all new work when its own has begun. */
  add(key: string, lane: 'ahead' | 'fresh' = 'fresh'): void {
    const entry = this.#entry(key);
    this.#clearTimer(entry);
    this.#enqueue(key, entry, lane);
  }

  /** Runs the key in `ms` at the latest; an earlier wish stands. */
  addAfter(key: string, ms: number): void {
    if (ms <= 0) this.add(key);
    else this.#sleep(key, this.#entry(key), ms, 'fresh');
  }

  /** Works until the signal fires; then waits for the handlers that run. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    this.#pump();
    if (!signal.aborted)
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    for (const entry of this.#entries.values()) this.#clearTimer(entry);
    while (this.#running > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    this.#entries.clear();
    for (const lane of lanes) this.#waiting[lane].clear();
  }

  #entry(key: string): Entry {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { failures: 0, running: false, dirty: false, waiting: undefined, since: 0, timer: undefined };
      this.#entries.set(key, entry);
    }
    return entry;
  }

  #enqueue(key: string, entry: Entry, lane: Lane): void {
    if (entry.running) {
      entry.dirty = true;
      return;
    }
    if (entry.waiting !== undefined) {
      if (lanes.indexOf(entry.waiting) <= lanes.indexOf(lane)) return;
      this.#waiting[entry.waiting].delete(key);
    } else entry.since = this.#deps.clock.now();
    entry.waiting = lane;
    this.#waiting[lane].add(key);
    this.#pump();
  }

  #sleep(key: string, entry: Entry, ms: number, lane: Lane): void {
    const at = this.#deps.clock.now() + ms;
    if (entry.waiting !== undefined || (entry.timer !== undefined && entry.timer.at <= at)) return;
    this.#clearTimer(entry);
    const cancel = this.#deps.clock.schedule(ms, () => {
      entry.timer = undefined;
      this.#enqueue(key, entry, lane);
    });
    entry.timer = { at, cancel };
  }

  #clearTimer(entry: Entry): void {
    entry.timer?.cancel();
    entry.timer = undefined;
  }

  #next(): string | undefined {
    for (const lane of lanes) {
      for (const key of this.#waiting[lane]) {
        this.#waiting[lane].delete(key);
        return key;
      }
    }
    return undefined;
  }

  #pump(): void {
    const signal = this.#signal;
    if (signal === undefined) return;
    while (!signal.aborted && this.#running < this.#options.concurrency) {
      const key = this.#next();
      if (key === undefined) return;
      void this.#work(key, this.#entry(key), signal);
    }
  }

  /** Never rejects. */
  async #work(key: string, entry: Entry, signal: AbortSignal): Promise<void> {
    this.#options.onTurn(this.#deps.clock.now() - entry.since);
    entry.waiting = undefined;
    entry.running = true;
    entry.dirty = false;
    this.#running++;
    try {
      await this.#handler(key, signal);
      entry.failures = 0;
    } catch (error) {
      if (!signal.aborted) this.#failed(key, entry, error);
    } finally {
      entry.running = false;
      this.#running--;
      if (entry.dirty) this.#enqueue(key, entry, 'ahead');
      else if (entry.timer === undefined) this.#entries.delete(key);
      if (this.#running === 0) for (const resolve of this.#idle.splice(0)) resolve();
      this.#pump();
    }
  }

  #failed(key: string, entry: Entry, error: unknown): void {
    const wait = backoffMs(entry.failures, this.#options.baseMs, this.#options.capMs, this.#deps.random);
    entry.failures++;
    // Somebody else wrote first: that happens, and the next try begins with what they wrote.
    const level = isConflict(error) && entry.failures === 1 ? 'debug' : 'warn';
    this.#deps.log[level](
      { key, error: String(error), failures: entry.failures, waitMs: wait },
      'work failed; it will be repeated',
    );
    this.#sleep(key, entry, wait, 'retry');
  }
}
