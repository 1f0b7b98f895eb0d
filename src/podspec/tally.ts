import { isDeepStrictEqual } from 'node:util';
import type { Amounts } from './amounts.ts';

/** What is spoken for on one node, by Pod UID, added up as it changes: each Pod counts once. */
export class Tally {
  readonly #byUid = new Map<string, Amounts>();
  readonly #used: Record<string, number> = {};

  /** What is spoken for now and later: the object changes with every entry. */
  get used(): Amounts {
    return this.#used;
  }

  has(uid: string): boolean {
    return this.#byUid.has(uid);
  }

  /** Replaces what this Pod took before; true when that changes anything. */
  take(uid: string, amounts: Amounts): boolean {
    const before = this.#byUid.get(uid);
    if (isDeepStrictEqual(before, amounts)) return false;
    if (before !== undefined) this.#add(before, -1);
    this.#byUid.set(uid, amounts);
    this.#add(amounts, 1);
    return true;
  }

  /** True when the Pod took something. */
  free(uid: string): boolean {
    const before = this.#byUid.get(uid);
    if (before === undefined) return false;
    this.#byUid.delete(uid);
    this.#add(before, -1);
    return true;
  }

  #add(amounts: Amounts, sign: 1 | -1): void {
    for (const name in amounts) this.#used[name] = (this.#used[name] ?? 0) + sign * (amounts[name] ?? 0);
  }
}
