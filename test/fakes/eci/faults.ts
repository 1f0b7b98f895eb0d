import { seededRandom } from '../../../providers/mock/random.ts';

/** What may go wrong with one call. */
export type Fault =
  /** Done, and the connection is destroyed before the answer. */
  | { readonly kind: 'lost' }
  /** The connection is destroyed, and nothing was done. */
  | { readonly kind: 'cut' }
  /** The connection is destroyed now, and it is done so much later. */
  | { readonly kind: 'late'; readonly ms: number }
  /** Neither done nor answered; the connection stays open. */
  | { readonly kind: 'hang' }
  /** Done, and answered so much later. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Not done, and answered with this error. */
  | { readonly kind: 'fail'; readonly status: number; readonly code: string; readonly message?: string }
  | { readonly kind: 'throttle' };

interface Entry {
  readonly action: string;
  readonly fault: Fault;
  left: number;
  readonly probability: number;
}

/** Which calls go wrong. `action` may be `*`. What was added first strikes first. */
export class FaultPlan {
  readonly #entries: Entry[] = [];
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /** The next calls of that action, `times` of them. */
  next(action: string, fault: Fault, times = 1): void {
    this.#entries.push({ action, fault, left: times, probability: 1 });
  }

  always(action: string, fault: Fault): void {
    this.next(action, fault, Number.POSITIVE_INFINITY);
  }

  /** Each call of that action with this probability, by the seed of the fake. */
  sometimes(action: string, fault: Fault, probability: number): void {
    this.#entries.push({ action, fault, left: Number.POSITIVE_INFINITY, probability });
  }

  clear(): void {
    this.#entries.length = 0;
  }

  /** The fault of this call, used up by it. */
  take(action: string): Fault | undefined {
    const entry = this.#entries.find(
      (one) =>
        one.left > 0 &&
        (one.action === action || one.action === '*') &&
        (one.probability === 1 || this.#random() < one.probability),
    );
    if (entry === undefined) return undefined;
    entry.left--;
    return entry.fault;
  }
}
