import type { Context } from '../core/controller.ts';
import { kinds } from '../core/kinds.ts';
import { WorkQueue } from '../core/work-queue.ts';

/** How long Events are kept after they were last seen (kube-apiserver --event-ttl). */
const keptMs = 3_600_000;
/** Expired ones go together, at most this often. */
const sweepMs = 60_000;

/** Drops old Events: a cluster in memory would otherwise grow for ever. */
export function startEventExpiry(context: Context): void {
  const { store, clock, signal } = context;
  const queue = new WorkQueue({
    ...context,
    name: 'event-expiry',
    sync: () => {
      let next: number | undefined;
      for (const { metadata, lastTimestamp, eventTime } of store.list(kinds.events)) {
        const leftMs =
          Date.parse(lastTimestamp ?? eventTime ?? metadata.creationTimestamp) + keptMs - clock.now();
        if (leftMs <= 0) store.delete(kinds.events, metadata.namespace, metadata.name);
        else next = Math.min(next ?? leftMs, leftMs);
      }
      return next === undefined ? undefined : Math.max(next, sweepMs);
    },
  });
  queue.add('all');
  store.subscribe(kinds.events, signal, ({ type }) => {
    if (type === 'ADDED') queue.add('all', keptMs);
  });
}
