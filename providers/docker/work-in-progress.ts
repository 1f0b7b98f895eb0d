import { ProviderError } from '../contract/errors.ts';
import { unlessAborted } from './waiting.ts';

interface Work {
  readonly done: Promise<unknown>;
  readonly controller: AbortController;
  callers: number;
}

/**
 * What is under way per sandbox. The same work is done once, however many ask for it at the same time; a caller may
 * leave at once, but work that was begun counts as under way until it has settled. Nothing begins in a sandbox that is
 * being removed, and a removal waits for what was begun before it.
 */
export class WorkInProgress {
  readonly #work = new Map<string, Map<string, Work>>();
  readonly #removals = new Map<string, Promise<void>>();

  has(sandboxId: string, key: string): boolean {
    return this.#work.get(sandboxId)?.has(key) ?? false;
  }

  /** Resolves when nothing is under way in it. Never rejects. */
  async idle(sandboxId: string): Promise<void> {
    await Promise.allSettled([...(this.#work.get(sandboxId)?.values() ?? [])].map(({ done }) => done));
  }

  /** `key` says what is the same work. It is called off when nobody waits for it any more. */
  async run<T>(
    sandboxId: string,
    key: string,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    for (;;) {
      signal.throwIfAborted();
      if (this.#removals.has(sandboxId))
        throw new ProviderError('Retryable', `sandbox ${sandboxId} is being removed`);
      const known = this.#work.get(sandboxId)?.get(key);
      if (known === undefined || !known.controller.signal.aborted) {
        const shared = known ?? this.#begin(sandboxId, key, work);
        return await this.#wait<T>(shared, signal);
      }
      await unlessAborted(Promise.allSettled([known.done]), signal);
    }
  }

  /** Calls off what is under way, waits for it, then removes; callers that come meanwhile share the removal. */
  removal(sandboxId: string, remove: () => Promise<void>): Promise<void> {
    const known = this.#removals.get(sandboxId);
    if (known !== undefined) return known;
    const removal = this.#calledOff(sandboxId)
      .then(remove)
      .finally(() => this.#removals.delete(sandboxId));
    this.#removals.set(sandboxId, removal);
    return removal;
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    const sandboxes = [...this.#work.keys()];
    await Promise.allSettled([...this.#removals.values(), ...sandboxes.map((id) => this.#calledOff(id))]);
  }

  #begin(sandboxId: string, key: string, work: (signal: AbortSignal) => Promise<unknown>): Work {
    const controller = new AbortController();
    const inSandbox = this.#work.get(sandboxId) ?? new Map<string, Work>();
    const done = work(controller.signal).finally(() => {
      inSandbox.delete(key);
      if (inSandbox.size === 0) this.#work.delete(sandboxId);
    });
    const begun = { done, controller, callers: 0 };
    this.#work.set(sandboxId, inSandbox.set(key, begun));
    return begun;
  }

  async #wait<T>(work: Work, signal: AbortSignal): Promise<T> {
    work.callers++;
    try {
      return (await unlessAborted(work.done, signal)) as T;
    } finally {
      work.callers--;
      if (work.callers === 0) work.controller.abort(signal.reason);
    }
  }

  async #calledOff(sandboxId: string): Promise<void> {
    const all = [...(this.#work.get(sandboxId)?.values() ?? [])];
    for (const { controller } of all)
      controller.abort(new ProviderError('Retryable', `sandbox ${sandboxId} is being removed`));
    await Promise.allSettled(all.map(({ done }) => done));
  }
}
