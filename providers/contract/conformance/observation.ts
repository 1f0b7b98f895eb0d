import { AssertionError } from 'node:assert';
import { isDeepStrictEqual } from 'node:util';
import type { Instance, InstancePhase, InstanceRef } from '../instance.ts';
import type { OwnerScope } from '../ownership.ts';
import { inScope } from '../ownership.ts';
import type { InstanceEvent, InstanceProvider } from '../provider.ts';
import { within } from './within.ts';

const order: readonly InstancePhase[] = ['Pending', 'Running', 'Stopping', 'Stopped'];

/** Follows `observe` from beginning to end, and checks each event on arrival. */
export class Observation {
  readonly events: InstanceEvent[] = [];
  readonly #scope: OwnerScope;
  readonly #leave = new AbortController();
  readonly #ended: Promise<void>;
  /** A copy of each event as it was on arrival: snapshots must not change afterwards. */
  readonly #copies: InstanceEvent[] = [];
  readonly #latest = new Map<string, Instance>();
  readonly #gone = new Set<string>();
  readonly #faults: string[] = [];
  readonly #wakers = new Set<() => void>();

  constructor(provider: InstanceProvider, scope: OwnerScope) {
    this.#scope = scope;
    this.#ended = provider
      .observe(scope, (event) => this.#take(event), this.#leave.signal)
      .then(
        () => {
          if (!this.#leave.signal.aborted) this.#fault('observe resolved before its signal fired');
        },
        (error: unknown) => this.#fault(`observe rejected: ${error}`),
      );
  }

  /** What a call answered also counts as seen, when it is news. */
  expect(instance: Instance): void {
    const { id } = instance.ref;
    if (!this.#latest.has(id) && !this.#gone.has(id)) this.#latest.set(id, instance);
  }

  /** The first state of the instance that fits, from now on. Fails with the last one seen. */
  until(
    ref: InstanceRef,
    what: string,
    seconds: number,
    fits: (instance: Instance) => boolean,
  ): Promise<Instance> {
    return this.#wait(ref, what, seconds, () => {
      const instance = this.#latest.get(ref.id);
      return instance !== undefined && fits(instance) ? instance : undefined;
    });
  }

  async untilGone(ref: InstanceRef, seconds: number): Promise<void> {
    await this.#wait(ref, 'is gone', seconds, () => (this.#gone.has(ref.id) ? true : undefined));
  }

  /** Everything that was observed must have been in order; throws with what was not. */
  check(): void {
    const changed = this.events.findIndex((event, index) => !isDeepStrictEqual(event, this.#copies[index]));
    if (changed >= 0) this.#fault(`the snapshot of event ${changed} was changed after it was handed out`);
    if (this.#faults.length > 0) throw new AssertionError({ message: this.#faults.join('; ') });
  }

  /** Resolves when `observe` has settled after its signal. No event may come later. */
  async end(): Promise<void> {
    this.#leave.abort();
    await this.#ended;
  }

  #take(event: InstanceEvent): void {
    this.events.push(event);
    this.#copies.push(structuredClone(event));
    if (this.#leave.signal.aborted) this.#fault('an event came after the signal');
    if (event.type === 'gone') {
      this.#gone.add(event.ref.id);
      this.#latest.delete(event.ref.id);
    } else if (event.type === 'changed') this.#takeChange(event.instance);
    else if (this.#gone.has(event.ref.id)) this.#fault(`a notice of ${event.ref.id} came after it was gone`);
    for (const wake of this.#wakers) wake();
  }

  #takeChange(instance: Instance): void {
    const { id } = instance.ref;
    if (!inScope(instance.owner, this.#scope)) this.#fault(`instance ${id} of another scope was observed`);
    if (this.#gone.has(id)) this.#fault(`instance ${id} came back after it was gone`);
    const before = this.#latest.get(id);
    if (before !== undefined && order.indexOf(instance.phase) < order.indexOf(before.phase))
      this.#fault(`instance ${id} went back from ${before.phase} to ${instance.phase}`);
    this.#latest.set(id, instance);
  }

  #fault(what: string): void {
    this.#faults.push(what);
    for (const wake of this.#wakers) wake();
  }

  #lastSeen(id: string): string {
    if (this.#gone.has(id)) return 'it is gone';
    const instance = this.#latest.get(id);
    if (instance === undefined) return 'no event of it came';
    const states = instance.containers.map(({ name, state }) => `${name} ${state.kind}`).join(', ');
    return `last seen ${instance.phase}${states ? ` with ${states}` : ''}`;
  }

  async #wait<T>(ref: InstanceRef, what: string, seconds: number, look: () => T | undefined): Promise<T> {
    let wake = (): void => undefined;
    const found = new Promise<T>((resolve, reject) => {
      wake = () => {
        const seen = look();
        if (seen !== undefined) resolve(seen);
        else if (this.#faults.length > 0) reject(new AssertionError({ message: this.#faults.join('; ') }));
      };
    });
    this.#wakers.add(wake);
    wake();
    const expected = (): string => `instance ${ref.id} ${what}; ${this.#lastSeen(ref.id)}`;
    try {
      return await within(seconds, expected, found);
    } finally {
      this.#wakers.delete(wake);
    }
  }
}
