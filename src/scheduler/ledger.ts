import type { Amounts } from '../podspec/amounts.ts';
import { Tally } from '../podspec/tally.ts';

/**
 * What is spoken for on each node, by Pod UID. A Pod counts from the moment it is bound, also before the watch shows
 * the binding: two Pods never get the same room.
 */
export class Ledger {
  readonly #nodeOf = new Map<string, string>();
  readonly #tallies = new Map<string, Tally>();

  /** What is spoken for on the node now and later: the object changes with every entry. */
  used(node: string): Amounts {
    return this.#tally(node).used;
  }

  has(uid: string): boolean {
    return this.#nodeOf.has(uid);
  }

  /** Replaces what this Pod took before; true when that was something else, so that room may have come free. */
  take(uid: string, node: string, requests: Amounts): boolean {
    const before = this.#nodeOf.get(uid);
    const moved = before !== undefined && before !== node && this.#tally(before).free(uid);
    this.#nodeOf.set(uid, node);
    const changed = this.#tally(node).take(uid, requests);
    return moved || (before !== undefined && changed);
  }

  /** True when the Pod took something. */
  free(uid: string): boolean {
    const node = this.#nodeOf.get(uid);
    this.#nodeOf.delete(uid);
    return node !== undefined && this.#tally(node).free(uid);
  }

  #tally(node: string): Tally {
    let tally = this.#tallies.get(node);
    if (tally === undefined) {
      tally = new Tally();
      this.#tallies.set(node, tally);
    }
    return tally;
  }
}
