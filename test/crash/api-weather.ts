/** What goes wrong with one call of the API. */
export type ApiFault =
  /** Answered with this code; not done. */
  | { readonly kind: 'refused'; readonly code: 429 | 500 }
  /** The connection broke before the server read the request. */
  | { readonly kind: 'lostBefore' }
  /** Done, but the answer was lost. */
  | { readonly kind: 'lostAfter' }
  /** The caller hears of a break at once; the request was on its way and is done `ms` later all the same. */
  | { readonly kind: 'late'; readonly ms: number }
  /** Takes `ms` longer on its way there. */
  | { readonly kind: 'slow'; readonly ms: number };

/** What goes wrong with one event on its way to one watch. */
export type WatchFault =
  /** The connection breaks in place of the event. */
  | 'cut'
  | 'duplicate'
  /** An event that this watch had before comes once more after this one. */
  | 'stale';

/** Chances between 0 and 1. */
export interface ApiRates {
  readonly reads: Readonly<Partial<Record<ApiFault['kind'], number>>>;
  readonly writes: Readonly<Partial<Record<ApiFault['kind'], number>>>;
  readonly events: Readonly<Partial<Record<WatchFault, number>>>;
  /** Of a watch being told that its version is too old. */
  readonly gone: number;
  /** Longest delay of an event; milliseconds. */
  readonly lagMs: number;
}

const none: ApiRates = { reads: {}, writes: {}, events: {}, gone: 0, lagMs: 0 };

/** Longest delay of `slow` and `late`; milliseconds. */
const drawnMs = 4_000;

/** What the way to the API server is like at the moment: faults by chance, from a seed, and whole outages. */
export class ApiWeather {
  /** Set by the server: see StoreServer.goAway. */
  away: 'no' | 'refused' | 'silent' = 'no';
  #rates: ApiRates;
  readonly #random: () => number;

  constructor(deps: { readonly random: () => number; readonly rates?: ApiRates }) {
    this.#random = deps.random;
    this.#rates = deps.rates ?? none;
  }

  /** No more faults from here on. */
  clear(): void {
    this.away = 'no';
    this.#rates = none;
  }

  onCall(kind: 'read' | 'write'): ApiFault | undefined {
    const drawn = this.#draw(kind === 'read' ? this.#rates.reads : this.#rates.writes);
    switch (drawn) {
      case undefined:
        return undefined;
      case 'refused':
        return { kind: drawn, code: this.#random() < 0.5 ? 429 : 500 };
      case 'late':
      case 'slow':
        return { kind: drawn, ms: this.#ms(drawnMs) };
      default:
        return { kind: drawn };
    }
  }

  onEvent(): WatchFault | undefined {
    return this.#draw(this.#rates.events);
  }

  /** Whether a watch that begins now finds its version forgotten. */
  forgets(): boolean {
    return this.#rates.gone > 0 && this.#random() < this.#rates.gone;
  }

  /** Milliseconds that an event takes. */
  lagMs(): number {
    return this.#rates.lagMs === 0 ? 0 : this.#ms(this.#rates.lagMs);
  }

  #draw<K extends string>(chances: Readonly<Partial<Record<K, number>>>): K | undefined {
    const kinds = Object.keys(chances) as K[];
    if (kinds.length === 0) return undefined;
    let rest = this.#random();
    for (const kind of kinds) {
      rest -= chances[kind] ?? 0;
      if (rest < 0) return kind;
    }
    return undefined;
  }

  #ms(most: number): number {
    return Math.ceil(this.#random() * most);
  }
}
