import { isDeepStrictEqual } from 'node:util';
import type { Amounts } from './fit.ts';

interface Entry {
  readonly node: string;
  readonly requests: Amounts;
}

/**
 * What is spoken for on each node, by Pod UID. A Pod counts from the moment it is bound, also before the watch shows
 * the binding: two Pods never get the same room.
 */
export class Ledger {
  readonly #byUid = new Map<string, Entry>();
  readonly #used = new Map<string, Record<string, number>>();

  /** What is spoken for on the node now and later: the object changes with every entry. */
  used(node: string): Amounts {
    return this.#usedOf(node);
  }

  has(uid: string): boolean {
    return this.#byUid.has(uid);
  }

  /** Replaces what this Pod took before; true when that was something else, so that room may have come free. */
  take(uid: string, node: string, requests: Amounts): boolean {
    const before = this.#byUid.get(uid);
    const entry = { node, requests };
    if (isDeepStrictEqual(before, entry)) return false;
    if (before !== undefined) this.#add(before, -1);
    this.#byUid.set(uid, entry);
    this.#add(entry, 1);
    return before !== undefined;
  }

  /** True when the Pod took something. */
  free(uid: string): boolean {
    const entry = this.#byUid.get(uid);
    if (entry === undefined) return false;
    this.#byUid.delete(uid);
    this.#add(entry, -1);
    return true;
  }

  #add({ node, requests }: Entry, sign: 1 | -1): void {
    const used = this.#usedOf(node);
    for (const [name, amount] of Object.entries(requests)) used[name] = (used[name] ?? 0) + sign * amount;
  }

  #usedOf(node: string): Record<string, number> {
    let used = this.#used.get(node);
    if (used === undefined) {
      used = {};
      this.#used.set(node, used);
    }
    return used;
  }
}
