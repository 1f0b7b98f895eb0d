import type { ChannelMessage } from './message.ts';

export interface Taken {
  /** False when there is no room: the sender shall repeat it. */
  readonly acknowledge: boolean;
  /** What is next in order now, without a gap. */
  readonly ready: readonly ChannelMessage[];
}

/** What comes early is kept up to this size. */
const maxEarlyBytes = 1024 * 1024;
/** What a message takes beside its payload, roughly. */
const overheadBytes = 512;

/**
 * Puts the messages of the agent into their order. It numbers them from 0, and repeats the oldest that was not
 * acknowledged, so that some come twice. Those are acknowledged again: the first time may have been lost, and the agent
 * would go on with it for ever.
 */
export class Inbox {
  readonly #early = new Map<number, ChannelMessage>();
  #earlyBytes = 0;
  #expected = 0;

  /** Something is here that cannot be used yet, since what comes before it is missing. */
  get hasGap(): boolean {
    return this.#early.size > 0;
  }

  take(message: ChannelMessage): Taken {
    const { sequence } = message;
    if (sequence < this.#expected || this.#early.has(sequence)) return { acknowledge: true, ready: [] };
    if (sequence > this.#expected) {
      const bytes = this.#earlyBytes + sizeOf(message);
      if (bytes > maxEarlyBytes) return { acknowledge: false, ready: [] };
      this.#earlyBytes = bytes;
      this.#early.set(sequence, message);
      return { acknowledge: true, ready: [] };
    }
    const ready = [message];
    this.#expected++;
    for (;;) {
      const next = this.#early.get(this.#expected);
      if (next === undefined) return { acknowledge: true, ready };
      this.#early.delete(this.#expected);
      this.#earlyBytes -= sizeOf(next);
      this.#expected++;
      ready.push(next);
    }
  }
}

function sizeOf({ payload }: ChannelMessage): number {
  return overheadBytes + payload.length;
}
