/** What goes wrong with a call. */
export type Fault =
  /** It is done, but the connection breaks before the answer. */
  | { readonly kind: 'lose' }
  /** The connection breaks before anything is done. */
  | { readonly kind: 'cut' }
  /** It is done late, by so many milliseconds. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Nothing is done. */
  | { readonly kind: 'error'; readonly status: 500 | 503 }
  | { readonly kind: 'throttle' }
  /** AWS itself was too fast for EC2: a rate in the clothes of an InvalidParameterException. */
  | { readonly kind: 'networkThrottle' }
  | { readonly kind: 'deny' };

interface Planned {
  readonly action: string;
  readonly fault: Fault;
  readonly chance: number;
  times: number;
}

/** Faults that calls will meet, by action (`RunTask`, `GetLogEvents`; `*` = any). */
export class Faults {
  readonly #planned: Planned[] = [];
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** The next `times` calls of the action meet it. */
  plan(action: string, fault: Fault, times = 1): void {
    this.#planned.push({ action, fault, chance: 1, times });
  }

  /** Every call of the action meets it with this chance. */
  chance(action: string, fault: Fault, chance: number): void {
    this.#planned.push({ action, fault, chance, times: Number.POSITIVE_INFINITY });
  }

  clear(): void {
    this.#planned.length = 0;
  }

  /** What the call that comes now meets. */
  draw(action: string): Fault | undefined {
    for (const planned of this.#planned) {
      if (planned.action !== action && planned.action !== '*') continue;
      if (planned.chance < 1 && this.#random() >= planned.chance) continue;
      if (--planned.times <= 0) this.#planned.splice(this.#planned.indexOf(planned), 1);
      return planned.fault;
    }
    return undefined;
  }
}
