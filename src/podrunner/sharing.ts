/** Resolves when the signal fires. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/**
 * Lets many callers share one expensive call without getting an answer older than their question: who comes while a
 * call is under way shares the one that begins after it.
 */
export function sharedCall(call: () => Promise<void>): () => Promise<void> {
  let current: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  return share;

  function share(): Promise<void> {
    if (current === undefined) {
      current = call().finally(() => {
        current = undefined;
      });
      return current;
    }
    next ??= current
      .catch(() => {})
      .then(() => {
        next = undefined;
        return share();
      });
    return next;
  }
}
