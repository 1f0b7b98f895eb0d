import type { ProviderClock } from '../../contract/index.ts';
import { encodeMessage, messageTypes } from './message.ts';
import { RoundTrip } from './round-trip.ts';

export interface OutboxDeps {
  readonly clock: ProviderClock;
  readonly random: () => number;
  transmit(message: Buffer): void;
  /** Nothing was acknowledged for as long as ECS keeps a session in which nothing happens. */
  onStuck(): void;
}

interface Entry {
  readonly sequence: number;
  readonly message: Buffer;
  sentAt: number;
  /** How often; 0 = not sent yet. */
  sent: number;
  /** Where it was last among all that was sent. */
  place: number;
  /** What was sent after it was acknowledged before it. */
  overtaken: boolean;
  /** How often it was overtaken. */
  ignored: number;
  /** Some wait a little longer than others, so that they do not all come at once. */
  readonly patience: number;
}

/** Messages that may wait for their acknowledgement before writers have to. */
const windowSize = 128;
const longestWaitMs = 10_000;
/** As long as ECS keeps a session in which nothing happens. */
const giveUpMs = 20 * 60_000;
/** The agent says nothing to what it has already: after so many times that is what silence means. */
const ignoredWhenKnown = 8;

/**
 * What is on its way to the agent: numbered from 0, kept until it is acknowledged, repeated until then. The agent
 * acknowledges one by one and keeps what comes early, so each is repeated by itself. While it acknowledges nothing at all,
 * as when the command does not read, one is repeated at a time, with longer and longer waits.
 */
export class Outbox {
  readonly #deps: OutboxDeps;
  readonly #entries = new Map<number, Entry>();
  readonly #roundTrip = new RoundTrip();
  readonly #waiting: { resolve(): void; reject(error: unknown): void }[] = [];
  #next = 0;
  #places = 0;
  #sentAt = 0;
  /** Repetitions since the last acknowledgement. */
  #unanswered = 0;
  /** When anything came from the agent. */
  #aliveAt: number;
  #paused = false;
  #closed: { readonly error: Error } | undefined;
  #cancelTimer: () => void = () => undefined;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
    this.#aliveAt = deps.clock.now();
  }

  /** Resolves when there is room for another message; rejects once closed. */
  async room(): Promise<void> {
    if (this.#closed !== undefined) throw this.#closed.error;
    if (this.#entries.size < windowSize) return;
    await new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  push(payloadType: number, payload: Buffer): void {
    if (this.#closed !== undefined) return;
    const now = this.#deps.clock.now();
    const sequence = this.#next++;
    const message = encodeMessage({
      type: messageTypes.input,
      sequence,
      flags: 0,
      id: crypto.randomUUID(),
      createdAt: now,
      payloadType,
      payload,
    });
    this.#entries.set(sequence, {
      ...{ sequence, message, sentAt: now, sent: 0, place: 0, overtaken: false, ignored: 0 },
      patience: 1 + this.#deps.random() * 0.1,
    });
    this.#sendNew();
  }

  acknowledged(sequence: number): void {
    const entry = this.#entries.get(sequence);
    if (entry === undefined) return;
    this.#unanswered = 0;
    // Of what was sent twice nobody knows which one was heard.
    if (entry.sent === 1) this.#roundTrip.took(this.#deps.clock.now() - entry.sentAt);
    this.#forget(entry);
    for (const other of this.#entries.values()) {
      if (other.overtaken || other.place > entry.place) continue;
      other.overtaken = true;
      other.ignored++;
    }
    this.#arm();
  }

  /** The agent cannot be reached now: nothing is sent until it is heard of. */
  pause(): void {
    this.#paused = true;
    this.#cancelTimer();
  }

  /** The agent is there. */
  heard(): void {
    this.#aliveAt = this.#deps.clock.now();
    if (!this.#paused) return;
    this.#paused = false;
    this.#sendNew();
  }

  /** A new connection: nobody knows what of the old one has arrived. */
  sendAgain(): void {
    this.#paused = false;
    for (const entry of this.#entries.values()) this.#send(entry);
    this.#arm();
  }

  /** Forgets everything; those who wait are told this error. */
  close(error: Error): void {
    this.#closed ??= { error };
    this.#cancelTimer();
    this.#entries.clear();
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  #sendNew(): void {
    if (!this.#paused) for (const entry of this.#entries.values()) if (entry.sent === 0) this.#send(entry);
    this.#arm();
  }

  #send(entry: Entry): void {
    entry.sent++;
    entry.place = ++this.#places;
    entry.overtaken = false;
    entry.sentAt = this.#deps.clock.now();
    this.#sentAt = entry.sentAt;
    this.#deps.transmit(entry.message);
  }

  #forget({ sequence }: Entry): void {
    this.#entries.delete(sequence);
    if (this.#entries.size < windowSize) this.#waiting.shift()?.resolve();
  }

  #arm(): void {
    this.#cancelTimer();
    if (this.#entries.size === 0 || this.#paused) return;
    const { clock } = this.#deps;
    const dueAt = Math.min(...[...this.#entries.values()].map((entry) => this.#dueAt(entry)));
    this.#cancelTimer = clock.schedule(Math.max(1, Math.ceil(dueAt - clock.now())), () => this.#repeat());
  }

  #repeat(): void {
    const now = this.#deps.clock.now();
    if (now - this.#aliveAt > giveUpMs) {
      this.#deps.onStuck();
      return;
    }
    const due = [...this.#entries.values()].filter((entry) => this.#dueAt(entry) <= now);
    const lost = due.filter(({ overtaken }) => overtaken);
    const [unheard] = due.filter(({ overtaken }) => !overtaken).toSorted((a, b) => a.place - b.place);
    for (const entry of lost)
      if (entry.ignored > ignoredWhenKnown) this.#forget(entry);
      else this.#send(entry);
    if (unheard !== undefined) {
      this.#unanswered++;
      this.#send(unheard);
    }
    this.#arm();
  }

  #dueAt({ overtaken, sentAt, sent, patience }: Entry): number {
    return overtaken
      ? sentAt + this.#waitMs(sent - 1) * patience
      : this.#sentAt + this.#waitMs(this.#unanswered);
  }

  #waitMs(repeats: number): number {
    return Math.min(longestWaitMs, this.#roundTrip.timeoutMs * 2 ** Math.max(0, repeats));
  }
}
