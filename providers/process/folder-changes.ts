import type { FSWatcher } from 'node:fs';
import { watch } from 'node:fs';

/** Looks this often where changes are not announced. */
const lookMs = 1_000;

/** Yields at once, then after every change in one of the folders and every second in any case, until the signal fires. */
export async function* changesIn(
  folders: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<void, void, undefined> {
  let changed = true;
  let wake = (): void => {};
  const notice = (): void => {
    changed = true;
    wake();
  };
  const watchers = folders.map((folder) => watchFolder(folder, notice));
  signal.addEventListener('abort', notice, { once: true });
  try {
    while (!signal.aborted) {
      if (!changed) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, lookMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      changed = false;
      if (!signal.aborted) yield;
    }
  } finally {
    signal.removeEventListener('abort', notice);
    for (const watcher of watchers) watcher?.close();
  }
}

/** Undefined where the system has no watch to give: looking every second must do. */
function watchFolder(folder: string, notice: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, notice);
    watcher.on('error', notice);
    return watcher;
  } catch {
    return undefined;
  }
}
