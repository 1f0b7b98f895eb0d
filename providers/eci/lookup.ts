import type { CallPriority, ProviderClock } from '../contract/index.ts';
import type { Group } from './api/eci-api.ts';
import type { GroupReader } from './reader.ts';

/** One call shows as many groups. */
const batch = 20;
/** What is asked within this time is asked together, milliseconds. */
const gatherMs = 50;

interface Wish {
  readonly id: string;
  readonly urgency: CallPriority;
  resolve(group: Group | undefined): void;
  reject(error: unknown): void;
}

export interface LookupDeps {
  readonly reader: GroupReader;
  readonly clock: ProviderClock;
  /** Ends what is under way for nobody. */
  readonly closed: AbortSignal;
}

/** Single groups, asked for in many places, fetched together: a thousand creations need fifty calls to be looked at. */
export class Lookup {
  readonly #deps: LookupDeps;
  #wishes: Wish[] = [];
  #cancel: (() => void) | undefined;

  constructor(deps: LookupDeps) {
    this.#deps = deps;
  }

  /** The group; undefined when it is proven that there is none. */
  async look(id: string, urgency: CallPriority, signal: AbortSignal): Promise<Group | undefined> {
    signal.throwIfAborted();
    let leave = (): void => undefined;
    const found = new Promise<Group | undefined>((resolve, reject) => {
      leave = () => reject(signal.reason);
      signal.addEventListener('abort', leave, { once: true });
      this.#wishes.push({ id, urgency, resolve, reject });
      if (this.#wishes.length >= batch) this.#fetch();
      else this.#cancel ??= this.#deps.clock.schedule(gatherMs, () => this.#fetch());
    });
    return found.finally(() => signal.removeEventListener('abort', leave));
  }

  #fetch(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const wishes = this.#wishes;
    this.#wishes = [];
    const isUrgent = wishes.some(({ urgency }) => urgency === 'delete');
    this.#deps.reader
      .some([...new Set(wishes.map(({ id }) => id))], isUrgent ? 'delete' : 'create', this.#deps.closed)
      .then(
        (groups) => {
          for (const { id, resolve } of wishes) resolve(groups.get(id));
        },
        (error: unknown) => {
          for (const { reject } of wishes) reject(error);
        },
      );
  }
}
