/** What one Pod UID had in the cloud. */
export interface LedgerEntry {
  readonly podUid: string;
  /** Instances ever created for it. */
  readonly created: number;
  /** Live at this moment, and the most at one moment. */
  readonly live: number;
  readonly maxLive: number;
  /** Milliseconds paid for: the lives of its instances, added up; running ones until now. */
  readonly liveMs: number;
}

/** An instance that was created while another of the same Pod UID lived. */
export interface Doubling {
  readonly podUid: string;
  readonly at: number;
  readonly instances: readonly string[];
}

interface Account {
  created: number;
  maxLive: number;
  endedMs: number;
  readonly live: Map<string, number>;
}

/**
 * The cloud's own books, written as things happen, so that no test can miss what was true for a moment only.
 * With `history` off it forgets a Pod once none of its instances lives.
 */
export class Ledger {
  readonly #accounts = new Map<string, Account>();
  readonly #history: boolean;
  readonly #now: () => number;
  /** The most instances of one Pod that ever lived at the same time; 1 is how it must be. */
  maxLivePerPod = 0;
  live = 0;
  maxLive = 0;
  created = 0;
  /** Deletes of an instance that the cloud did not know (repeats, mostly). */
  unknownDeletes = 0;
  readonly doublings: Doubling[] = [];

  constructor(deps: { readonly history: boolean; readonly now: () => number }) {
    this.#history = deps.history;
    this.#now = deps.now;
  }

  begin(podUid: string, instance: string): void {
    let account = this.#accounts.get(podUid);
    if (account === undefined) {
      account = { created: 0, maxLive: 0, endedMs: 0, live: new Map() };
      this.#accounts.set(podUid, account);
    }
    account.created++;
    account.live.set(instance, this.#now());
    account.maxLive = Math.max(account.maxLive, account.live.size);
    if (account.live.size > 1)
      this.doublings.push({ podUid, at: this.#now(), instances: [...account.live.keys()] });
    this.created++;
    this.live++;
    this.maxLive = Math.max(this.maxLive, this.live);
    this.maxLivePerPod = Math.max(this.maxLivePerPod, account.live.size);
  }

  /** Harmless when it ended before. */
  end(podUid: string, instance: string): void {
    const account = this.#accounts.get(podUid);
    const since = account?.live.get(instance);
    if (account === undefined || since === undefined) return;
    account.live.delete(instance);
    account.endedMs += this.#now() - since;
    this.live--;
    if (!this.#history && account.live.size === 0) this.#accounts.delete(podUid);
  }

  of(podUid: string): LedgerEntry {
    const account = this.#accounts.get(podUid);
    if (account === undefined) return { podUid, created: 0, live: 0, maxLive: 0, liveMs: 0 };
    const { created, maxLive, endedMs, live } = account;
    const runningMs = [...live.values()].reduce((sum, since) => sum + this.#now() - since, 0);
    return { podUid, created, live: live.size, maxLive, liveMs: endedMs + runningMs };
  }

  entries(): LedgerEntry[] {
    return [...this.#accounts.keys()].map((podUid) => this.of(podUid));
  }
}
