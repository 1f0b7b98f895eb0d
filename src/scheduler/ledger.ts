import type { Amounts } from './fit.ts';

/**
 * What is spoken for on each node, by Pod UID. A Pod counts from the moment it is bound, also before the watch shows
 * the binding: two Pods never get the same room.
 */
export class Ledger {
  readonly #byUid = new Map<string, { readonly node: string; readonly requests: Amounts }>();
  readonly #used = new Map<string, Record<string, number>>();

  used(node: string): Amounts {
    return this.#used.get(node) ?? {};
  }

  has(uid: string): boolean {
    return this.#byUid.has(uid);
  }

  /** Replaces what this Pod took before. */
  take(uid: string, node: string, requests: Amounts): void {
    this.free(uid);
    this.#byUid.set(uid, { node, requests });
    this.#add(node, requests, 1);
  }

  /** True when the Pod took something. */
  free(uid: string): boolean {
    const entry = this.#byUid.get(uid);
    if (entry === undefined) return false;
    this.#byUid.delete(uid);
    this.#add(entry.node, entry.requests, -1);
    return true;
  }

  #add(node: string, requests: Amounts, sign: 1 | -1): void {
    const used = this.#used.get(node) ?? {};
    for (const [name, amount] of Object.entries(requests)) used[name] = (used[name] ?? 0) + sign * amount;
    this.#used.set(node, used);
  }
}
