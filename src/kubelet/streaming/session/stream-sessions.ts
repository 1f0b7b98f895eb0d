export type StreamKind = 'exec' | 'attach' | 'portForward';

/** How many streams are open now, of each kind. */
export type OpenStreams = Readonly<Record<StreamKind, number>>;

export interface Refusal {
  readonly status: 429 | 503;
  readonly text: string;
}

/** Enough for any node, and few enough for its memory: a session that stands still holds some hundred kilobytes. */
const maxSessions = 1_000;

/** Counts the sessions of one server, refuses those that are too many, and ends them all when the server closes. */
export class StreamSessions {
  readonly #open: Record<StreamKind, number> = { exec: 0, attach: 0, portForward: 0 };
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  readonly #max: number;

  constructor(max = maxSessions) {
    this.#max = max;
  }

  /** Fires when the server closes. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  open(): OpenStreams {
    return { ...this.#open };
  }

  /** Why there can be no further session; undefined = come in. */
  refusal(): Refusal | undefined {
    if (this.#closing.signal.aborted) return { status: 503, text: 'the API of the node is closing' };
    if (this.#running.size < this.#max) return undefined;
    return {
      status: 429,
      text: `this node has ${this.#max} open streams (exec, attach and port-forward), which is its limit; end some and try again`,
    };
  }

  /** Counts the session while it runs. */
  async run<T>(kind: StreamKind, session: () => Promise<T>): Promise<T> {
    this.#open[kind]++;
    const running = session();
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#open[kind]--;
      this.#running.delete(running);
    }
  }

  /** Tells every session to end and waits until they have; that is a matter of seconds. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#running);
  }
}
