import type { TerminalSize } from '../../contract/streams.ts';

/**
 * Passes every size on, one after the other, until the returned function is called. A size that cannot be set is let go:
 * the process has ended, or is about to.
 */
export function followSizes(
  sizes: AsyncIterable<TerminalSize> | undefined,
  resize: (size: TerminalSize) => Promise<void>,
): () => void {
  if (sizes === undefined) return () => {};
  const iterator = sizes[Symbol.asyncIterator]();
  let isOver = false;
  async function follow(): Promise<void> {
    for (;;) {
      const { done, value } = await iterator.next();
      if (done || isOver) return;
      await resize(value).catch(() => {});
    }
  }
  const leave = (): void => {
    isOver = true;
    void Promise.resolve(iterator.return?.()).catch(() => {});
  };
  follow().catch(() => {});
  return leave;
}
