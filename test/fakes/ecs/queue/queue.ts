import { createHash } from 'node:crypto';
import type { Message } from '@aws-sdk/client-sqs';
import { delay, type ProviderClock } from '../../../../providers/contract/index.ts';
import { ServiceError } from '../door/service-error.ts';

export interface QueueDeps {
  readonly clock: ProviderClock;
  readonly random: () => number;
}

interface Held {
  readonly id: string;
  readonly body: string;
  /** Hidden until then, because somebody has received it. */
  visibleAt: number;
  receipt: string;
  received: number;
}

export interface ReceiveWish {
  readonly max: number;
  readonly waitMs: number;
  readonly visibilityMs: number;
}

/** A standard queue of SQS: at least once, in any order. */
export class Queue {
  readonly #deps: QueueDeps;
  readonly #held: Held[] = [];
  readonly #waiting = new Set<() => void>();
  #count = 0;
  /** Chance that a message comes twice. */
  duplicates = 0;
  /** True = a message may overtake others. */
  disorder = false;

  constructor(deps: QueueDeps) {
    this.#deps = deps;
  }

  /** Receivers that wait now. */
  get waiting(): number {
    return this.#waiting.size;
  }

  send(body: string): void {
    const { random } = this.#deps;
    const copies = random() < this.duplicates ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const id = `message-${++this.#count}`;
      const place = this.disorder ? Math.floor(random() * (this.#held.length + 1)) : this.#held.length;
      this.#held.splice(place, 0, { id, body, visibleAt: 0, receipt: '', received: 0 });
    }
    for (const wake of [...this.#waiting]) wake();
  }

  async receive(wish: ReceiveWish, signal: AbortSignal): Promise<Message[]> {
    const { clock } = this.#deps;
    const until = clock.now() + wish.waitMs;
    for (;;) {
      const now = clock.now();
      const found = this.#held.filter(({ visibleAt }) => visibleAt <= now).slice(0, wish.max);
      if (found.length > 0) return found.map((held) => this.#hand(held, now + wish.visibilityMs));
      if (now >= until || signal.aborted) return [];
      await this.#wait(until - now, signal);
    }
  }

  delete(receipt: string | undefined): void {
    if (!receipt)
      throw new ServiceError('ReceiptHandleIsInvalid', 'The input receipt handle is invalid.', {
        status: 404,
      });
    const index = this.#held.findIndex((held) => held.receipt === receipt);
    if (index >= 0) this.#held.splice(index, 1);
  }

  #hand(held: Held, visibleAt: number): Message {
    held.visibleAt = visibleAt;
    held.received++;
    held.receipt = `${held.id}#${held.received}`;
    return {
      MessageId: held.id,
      ReceiptHandle: held.receipt,
      MD5OfBody: createHash('md5').update(held.body).digest('hex'),
      Body: held.body,
      Attributes: { ApproximateReceiveCount: String(held.received) },
    };
  }

  /** Until a message comes, a hidden one may be visible again, or the time is over. */
  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    const shown = Math.min(ms, ...this.#held.map(({ visibleAt }) => Math.max(1, visibleAt - clock.now())));
    const enough = new AbortController();
    const wake = (): void => enough.abort();
    this.#waiting.add(wake);
    await delay(clock, shown, AbortSignal.any([signal, enough.signal]));
    this.#waiting.delete(wake);
  }
}
