/** A call that came to the door. */
export interface FakeCall {
  readonly at: number;
  readonly action: string;
  readonly input: unknown;
  /** `ok`, the code of the error, or what became of the connection: `lost`, `cut`. */
  result: string;
}

/** Every call, oldest first; nothing when no history is kept. */
export class CallLog {
  readonly all: FakeCall[] = [];
  readonly #history: boolean;

  constructor(history: boolean) {
    this.#history = history;
  }

  add(call: FakeCall): void {
    if (this.#history) this.all.push(call);
  }

  of(action: string): FakeCall[] {
    return this.all.filter((call) => call.action === action);
  }

  /** Calls that were refused for their rate, as a share of all. */
  get throttledShare(): number {
    if (this.all.length === 0) return 0;
    return this.all.filter(({ result }) => result === 'ThrottlingException').length / this.all.length;
  }
}
