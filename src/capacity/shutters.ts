import { backoffMs } from '../telemetry/backoff.ts';
import type { Clock } from '../telemetry/clock.ts';

/** A probe that nobody ever answers for does not keep a door shut for ever. */
const probeMs = 120_000;

/** Times in milliseconds. */
interface Shut {
  readonly times: number;
  readonly since: number;
  readonly until: number;
  readonly why: string;
  /** Somebody is trying it. */
  readonly probed: boolean;
}

export interface ShuttersDeps {
  readonly clock: Clock;
  readonly random: () => number;
  /** How long it is shut the first time; doubled up to `longestMs`. */
  readonly firstMs: number;
  readonly longestMs: number;
}

/**
 * Doors that shut when somebody found nothing behind them. When the time of one is over it lets one pass, and the
 * others only once that one has found something: what is empty is asked once in a while, not by all who wait.
 */
export class Shutters {
  readonly #deps: ShuttersDeps;
  readonly #shut = new Map<string, Shut>();

  constructor(deps: ShuttersDeps) {
    this.#deps = deps;
  }

  /** Undefined = pass, and tell what became of it; else until when it is shut, and why. */
  pass(key: string): { readonly until: number; readonly why: string } | undefined {
    const now = this.#deps.clock.now();
    const state = this.#shut.get(key);
    if (state === undefined) return undefined;
    if (state.until > now) return state;
    this.#shut.set(key, { ...state, until: now + probeMs, probed: true });
    return undefined;
  }

  isShut(key: string): boolean {
    return this.#shut.has(key);
  }

  /**
   * Nothing there, found by somebody who passed at `passedAt` (milliseconds). Who passed before it was shut learns
   * nothing new, so that many at once count once. Returns until when it is shut.
   */
  shut(key: string, passedAt: number, why: string): number {
    const { clock, random, firstMs, longestMs } = this.#deps;
    const known = this.#shut.get(key);
    if (known !== undefined && passedAt <= known.since) return known.until;
    const [times, since] = [known?.times ?? 0, clock.now()];
    const until = since + backoffMs(times, firstMs, longestMs, random);
    this.#shut.set(key, { times: times + 1, since, until, why, probed: false });
    return until;
  }

  /** There is something. True when it was shut. */
  open(key: string): boolean {
    return this.#shut.delete(key);
  }

  /** Something has changed for the better: the next may try now. True when a door was shut that nobody tries. */
  ease(): boolean {
    const now = this.#deps.clock.now();
    let eased = false;
    for (const [key, state] of this.#shut) {
      if (state.probed) continue;
      this.#shut.set(key, { ...state, until: now });
      eased = true;
    }
    return eased;
  }
}
