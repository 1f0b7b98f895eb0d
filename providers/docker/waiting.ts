/** The caller stops waiting when its signal fires; the work goes on. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  // Nobody may be waiting any more when it fails.
  work.catch(() => {});
  signal.throwIfAborted();
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Does `work` for every item, at most `width` at a time; the results in the order of the items. Stops at a failure. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  width: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  let failed = false;
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (failed) return;
      try {
        results[index] = await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  return results;
}

interface SharedWork<T> {
  readonly promise: Promise<T>;
  readonly controller: AbortController;
  waiters: number;
}

/**
 * One piece of work per key at a time, however many want it. It is called off when the last one who waits for it has
 * gone; who comes after it is done begins a new one.
 */
export class SharedCalls<T> {
  readonly #calls = new Map<string, SharedWork<T>>();

  async get(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    let call = this.#calls.get(key);
    if (call === undefined) {
      const controller = new AbortController();
      const begun: SharedWork<T> = {
        controller,
        waiters: 0,
        promise: work(controller.signal).finally(() => this.#drop(key, begun)),
      };
      call = begun;
      this.#calls.set(key, call);
    }
    call.waiters++;
    try {
      return await unlessAborted(call.promise, signal);
    } finally {
      call.waiters--;
      if (call.waiters === 0) {
        this.#drop(key, call);
        call.controller.abort();
      }
    }
  }

  #drop(key: string, call: SharedWork<T>): void {
    if (this.#calls.get(key) === call) this.#calls.delete(key);
  }
}
