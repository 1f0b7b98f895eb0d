import type { CallPriority, ProviderClock } from '../../contract/index.ts';
import { callPriorities } from '../../contract/index.ts';

const order = callPriorities;

export interface LaneDeps {
  /** Calls that may begin within any minute. */
  readonly perMinute: number;
  /** Calls under way at the same time. */
  readonly atOnce: number;
  readonly clock: ProviderClock;
}

const minuteMs = 60_000;
const firstPauseMs = 5_000;

interface Waiting {
  go(): void;
}

/**
 * The limit of one API. The vendor counts calls by the minute and refuses what is over until the next one, so a lane
 * never begins more than its number within any minute, however they are spread. After a refusal all the same (others
 * use the account too) it pauses, for longer each time: what waits is not thrown at a closed door.
 */
export class Lane {
  readonly #deps: LaneDeps;
  readonly #waiting = new Map<CallPriority, Waiting[]>(order.map((urgency) => [urgency, []]));
  /** When the calls of the last minute began. */
  readonly #begun: number[] = [];
  #underWay = 0;
  #pausedUntil = 0;
  #refusals = 0;
  #cancelWake: (() => void) | undefined;

  constructor(deps: LaneDeps) {
    this.#deps = deps;
  }

  /** Makes the call when there is room for it. `refused` says whether an error was a refusal for its rate. */
  async run<T>(
    urgency: CallPriority,
    work: () => Promise<T>,
    refused: (error: unknown) => boolean,
    signal: AbortSignal,
  ): Promise<T> {
    await this.#enter(urgency, signal);
    try {
      const result = await work();
      this.#refusals = 0;
      return result;
    } catch (error) {
      if (refused(error)) this.#pause();
      throw error;
    } finally {
      this.#underWay--;
      this.#pump();
    }
  }

  async #enter(urgency: CallPriority, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const queue = this.#waiting.get(urgency) ?? [];
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        queue.splice(queue.indexOf(entry), 1);
        reject(signal.reason);
      };
      const entry: Waiting = {
        go: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      queue.push(entry);
      this.#pump();
    });
  }

  #pause(): void {
    const pauseMs = Math.min(minuteMs, firstPauseMs * 2 ** this.#refusals);
    // Calls that were under way together are refused together: that is one refusal.
    if (this.#deps.clock.now() >= this.#pausedUntil) this.#refusals++;
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#deps.clock.now() + pauseMs);
  }

  #pump(): void {
    const { perMinute, atOnce, clock } = this.#deps;
    const now = clock.now();
    while (this.#begun.length > 0 && (this.#begun[0] ?? 0) <= now - minuteMs) this.#begun.shift();
    while (this.#underWay < atOnce && this.#begun.length < perMinute && now >= this.#pausedUntil) {
      const next = this.#next();
      if (next === undefined) return;
      this.#underWay++;
      this.#begun.push(now);
      next.go();
    }
    if (order.every((urgency) => this.#waiting.get(urgency)?.length === 0)) return;
    const free = this.#begun.length < perMinute ? now : (this.#begun[0] ?? now) + minuteMs;
    const at = Math.max(free, this.#pausedUntil);
    if (at <= now) return;
    this.#cancelWake?.();
    this.#cancelWake = clock.schedule(at - now, () => this.#pump());
  }

  #next(): Waiting | undefined {
    for (const urgency of order) {
      const next = this.#waiting.get(urgency)?.shift();
      if (next !== undefined) return next;
    }
    return undefined;
  }
}
