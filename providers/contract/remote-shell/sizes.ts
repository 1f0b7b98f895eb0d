import type { TerminalSize } from '../streams.ts';

export interface FollowedSizes {
  /** Resolves when the first size was passed on, or there is none. Never rejects. */
  readonly first: Promise<void>;
  readonly leave: () => void;
}

/** Passes every size on until `leave` is called. */
export function followSizes(
  sizes: AsyncIterable<TerminalSize> | undefined,
  resize: (size: TerminalSize) => void,
): FollowedSizes {
  if (sizes === undefined) return { first: Promise.resolve(), leave: () => undefined };
  const iterator = sizes[Symbol.asyncIterator]();
  const first = Promise.withResolvers<void>();
  let isOver = false;
  async function follow(): Promise<void> {
    for (;;) {
      const { done, value } = await iterator.next();
      if (done || isOver) return;
      resize(value);
      first.resolve();
    }
  }
  follow().then(first.resolve, () => first.resolve());
  return {
    first: first.promise,
    leave() {
      isOver = true;
      void Promise.resolve(iterator.return?.()).catch(() => undefined);
    },
  };
}
