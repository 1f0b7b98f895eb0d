import type { TerminalSize } from './streams.ts';

export interface FollowedSizes {
  /** Resolves when the first size was set, could not be, or there is none. Never rejects. */
  readonly first: Promise<void>;
  readonly leave: () => void;
}

/**
 * Passes every size on, one after the other, until `leave` is called. A size that cannot be set is let go: the process
 * has ended, or is about to.
 */
export function followSizes(
  sizes: AsyncIterable<TerminalSize> | undefined,
  resize: (size: TerminalSize) => void | Promise<void>,
): FollowedSizes {
  if (sizes === undefined) return { first: Promise.resolve(), leave: () => {} };
  const iterator = sizes[Symbol.asyncIterator]();
  const first = Promise.withResolvers<void>();
  let isOver = false;
  async function follow(): Promise<void> {
    for (;;) {
      const { done, value } = await iterator.next();
      if (done || isOver) return;
      await Promise.resolve(resize(value)).catch(() => {});
      first.resolve();
    }
  }
  const leave = (): void => {
    isOver = true;
    void Promise.resolve(iterator.return?.()).catch(() => {});
  };
  follow().then(first.resolve, () => first.resolve());
  return { first: first.promise, leave };
}
