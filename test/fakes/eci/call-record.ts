/** One call, as the fake saw it. */
export interface CallRecord {
  readonly action: string;
  readonly at: number;
  /** `OK`, the code of the error that was answered, or the kind of the fault. */
  readonly outcome: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** Counts calls, and keeps them when history is wanted. */
export class CallBook {
  readonly calls: CallRecord[] = [];
  /** Requests that departed from the SDK's model: faults of the adapter. */
  readonly departures: string[] = [];
  readonly #keep: boolean;
  readonly #counts = new Map<string, number>();

  constructor(keep: boolean) {
    this.#keep = keep;
  }

  add(record: CallRecord): void {
    if (this.#keep) this.calls.push(record);
    for (const key of [record.action, `${record.action}/${record.outcome}`])
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** Calls of an action, all or those with one outcome. */
  count(action: string, outcome?: string): number {
    return this.#counts.get(outcome === undefined ? action : `${action}/${outcome}`) ?? 0;
  }
}
