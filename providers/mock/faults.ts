import { eachOf, number, object, ProviderError, type Shape } from '../contract/index.ts';
import type { MockCall, MockCallKind } from './call.ts';
import { mockCallKinds } from './call.ts';

/** What goes wrong with one call. */
export type Fault =
  /** Refused for its rate, not done. */
  | { readonly kind: 'throttle'; readonly retryAfterMs?: number }
  | { readonly kind: 'outOfStock'; readonly offer?: string }
  | { readonly kind: 'quota' }
  | { readonly kind: 'auth' }
  | { readonly kind: 'invalid'; readonly field?: string }
  /** The request never arrived: Retryable, not done. For `list`: a page could not be read. */
  | { readonly kind: 'lostBefore' }
  /** Done, but the answer was lost: Retryable. */
  | { readonly kind: 'lostAfter' }
  /** The caller hears of a time-out (Retryable); it is done `ms` later all the same. */
  | { readonly kind: 'late'; readonly ms: number }
  /** Takes `ms` longer. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** No answer until the caller gives up; not done. */
  | { readonly kind: 'hang' };

/** What goes wrong with one event on its way to one observer. */
export type EventFault =
  | { readonly kind: 'drop' }
  | { readonly kind: 'duplicate' }
  /** This event and all behind it come `ms` later: the order is kept. */
  | { readonly kind: 'late'; readonly ms: number }
  /** The stream breaks in place of the event: `observe` rejects with Retryable. */
  | { readonly kind: 'break' };

export interface FaultSource {
  onCall(call: MockCall): Fault | undefined;
  onEvent(podUid: string): EventFault | undefined;
}

/** Chances between 0 and 1, per call of that kind (`*` = all others) and per event. */
export interface FaultRates {
  readonly calls: Readonly<
    Partial<Record<MockCallKind | '*', Readonly<Partial<Record<Fault['kind'], number>>>>>
  >;
  readonly events: Readonly<Partial<Record<EventFault['kind'], number>>>;
}

/** How long `slow` and `late` take when drawn by chance: up to this many milliseconds. */
const drawnMs = 5_000;

/** Faults to come: those asked for by {@link FaultPlan.next} first, then by chance. The same seed gives the same ones. */
export class FaultPlan implements FaultSource {
  readonly #random: () => number;
  readonly #rates: FaultRates;
  readonly #asked = new Map<MockCallKind | 'event', (Fault | EventFault)[]>();

  constructor(deps: { readonly random: () => number; readonly rates?: FaultRates }) {
    this.#random = deps.random;
    this.#rates = deps.rates ?? { calls: {}, events: {} };
  }

  /** The next `times` calls of this kind fail so. */
  next(kind: MockCallKind, fault: Fault, times = 1): void {
    this.#ask(kind, fault, times);
  }

  /** The next `times` events fail so. */
  nextEvent(fault: EventFault, times = 1): void {
    this.#ask('event', fault, times);
  }

  onCall(call: MockCall): Fault | undefined {
    const asked = this.#asked.get(call.kind)?.shift();
    if (asked !== undefined) return asked as Fault;
    const kind = this.#draw(this.#rates.calls[call.kind] ?? this.#rates.calls['*']);
    if (kind === undefined) return undefined;
    if (kind === 'slow' || kind === 'late') return { kind, ms: this.#ms() };
    return kind === 'throttle' ? { kind, retryAfterMs: this.#ms() } : { kind };
  }

  onEvent(): EventFault | undefined {
    const asked = this.#asked.get('event')?.shift();
    if (asked !== undefined) return asked as EventFault;
    const kind = this.#draw(this.#rates.events);
    if (kind === undefined) return undefined;
    return kind === 'late' ? { kind, ms: this.#ms() } : { kind };
  }

  #ask(kind: MockCallKind | 'event', fault: Fault | EventFault, times: number): void {
    const asked = this.#asked.get(kind) ?? [];
    for (let time = 0; time < times; time++) asked.push(fault);
    this.#asked.set(kind, asked);
  }

  #draw<K extends string>(chances: Readonly<Partial<Record<K, number>>> | undefined): K | undefined {
    if (chances === undefined) return undefined;
    let rest = this.#random();
    for (const kind of Object.keys(chances) as K[]) {
      rest -= chances[kind] ?? 0;
      if (rest < 0) return kind;
    }
    return undefined;
  }

  #ms(): number {
    return Math.ceil(this.#random() * drawnMs);
  }
}

/** The error of a fault that keeps the call from being done; undefined for the others. */
export function refusal(fault: Fault, call: MockCall): ProviderError | undefined {
  switch (fault.kind) {
    case 'throttle': {
      const details = fault.retryAfterMs === undefined ? {} : { retryAfterMs: fault.retryAfterMs };
      return new ProviderError('Throttled', `${call.kind}: too many requests`, details);
    }
    case 'outOfStock':
      return new ProviderError('OutOfStock', 'no stock', { offer: fault.offer ?? 'mock' });
    case 'quota':
      return new ProviderError('QuotaExceeded', 'the quota of this account is used up');
    case 'auth':
      return new ProviderError('AuthFailed', `${call.kind}: the credentials were not accepted`);
    case 'invalid':
      return new ProviderError('InvalidSpec', 'the cloud does not take this', {
        field: fault.field ?? 'spec',
      });
    case 'lostBefore':
      return new ProviderError(
        'Retryable',
        call.kind === 'list' ? 'page 2 of 3 could not be read' : `${call.kind}: connection reset`,
      );
    case 'lostAfter':
    case 'late':
    case 'slow':
    case 'hang':
      return undefined;
  }
}

const faultKinds: readonly Fault['kind'][] = [
  'throttle',
  'outOfStock',
  'quota',
  'auth',
  'invalid',
  'lostBefore',
  'lostAfter',
  'late',
  'slow',
  'hang',
];

const eventFaultKinds: readonly EventFault['kind'][] = ['drop', 'duplicate', 'late', 'break'];

/** `{calls: {create: {lostAfter: 0.05}}, events: {drop: 0.01}}` */
export const faultRates: Shape<FaultRates> = object({
  calls: eachOf([...mockCallKinds, '*'], chances(faultKinds)).or({}),
  events: chances(eventFaultKinds).or({}),
});

function chances<K extends string>(kinds: readonly K[]): Shape<Readonly<Partial<Record<K, number>>>> {
  return eachOf(kinds, number(0, 1)).unless((each) => {
    const sum = kinds.reduce((total, kind) => total + (each[kind] ?? 0), 0);
    return sum > 1 && `expected chances that add up to 1 at most, found ${sum}`;
  });
}
