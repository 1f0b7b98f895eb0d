import path from 'node:path';
import { ProviderError } from '../contract/errors.ts';
import { selectLog } from '../contract/log-select.ts';
import type { LogEntry, LogQuery } from '../contract/logs.ts';
import { changesIn } from './folder-changes.ts';
import { logFolder } from './layout.ts';
import { LogReader } from './log-reader.ts';
import type { ContainerRecord } from './records.ts';
import { isMissing } from './records.ts';
import type { SandboxStore } from './sandbox-store.ts';

/** The log of one run, read from its files: it needs no shim, and neither shim nor daemon holds any of it in memory. */
export async function* readContainerLog(
  store: SandboxStore,
  sandboxId: string,
  containerId: string,
  query: Omit<LogQuery, 'container' | 'previous'>,
  signal: AbortSignal,
): AsyncGenerator<LogEntry, void, undefined> {
  const record = await find(store, sandboxId, containerId);
  if (record === undefined)
    throw new ProviderError('NotFound', `container ${containerId} of sandbox ${sandboxId} has no log`);
  const folder = path.join(store.folder(sandboxId), logFolder(record.name, record.run));
  const reader = new LogReader(folder);
  const isSettled = async (): Promise<boolean> =>
    (await find(store, sandboxId, containerId))?.settled ?? true;

  async function* following(): AsyncGenerator<LogEntry, void, undefined> {
    for await (const _ of changesIn([folder, store.folder(sandboxId)], signal)) {
      // Asked before reading: what a settled run has written is all there.
      const settled = await isSettled();
      yield* reader.toEnd();
      if (settled) return;
    }
  }

  try {
    if (query.tailLines !== undefined) await reader.skipToLast(query.tailLines);
    const entries = selectLog(reader.toEnd(), query, query.follow ? following() : undefined);
    for await (const entry of entries) {
      if (signal.aborted) return;
      yield entry;
    }
  } catch (error) {
    // The run was removed while its log was read: that is the end of it.
    if (!isMissing(error)) throw error;
  } finally {
    await reader.close();
  }
}

async function find(
  store: SandboxStore,
  sandboxId: string,
  containerId: string,
): Promise<ContainerRecord | undefined> {
  if ((await store.read(sandboxId)) === undefined) return undefined;
  const { containers } = await store.readState(sandboxId);
  return containers.find((container) => container.id === containerId);
}
