import type { Notice } from '../../contract/index.ts';
import type { GroupEvent } from '../api/eci-api.ts';
import { apiTime } from './times.ts';

const longestMessage = 1000;

/** A page of events is at most 50 per group; what is older than what was told is known already. */
export interface Told {
  /** Milliseconds. */
  readonly until: number;
  /** Events of that very second: several may share it. */
  readonly keys: ReadonlySet<string>;
}

/** The events that were not told yet, oldest first, and how far it has been told with them. */
export function newNotices(events: readonly GroupEvent[], told: Told): { notices: Notice[]; told: Told } {
  const fresh = events
    .map((event) => ({ event, at: Date.parse(apiTime(event.lastTimestamp ?? event.firstTimestamp) ?? '') }))
    .filter(({ event, at }) => at > told.until || (at === told.until && !told.keys.has(keyOf(event))))
    .toSorted((one, other) => one.at - other.at);
  const until = Math.max(told.until, ...fresh.map(({ at }) => at));
  const latest = fresh.filter(({ at }) => at === until).map(({ event }) => keyOf(event));
  return {
    notices: fresh.map(({ event }) => noticeOf(event)),
    told: { until, keys: new Set([...(until === told.until ? told.keys : []), ...latest]) },
  };
}

function noticeOf({ type, reason, message }: GroupEvent): Notice {
  return {
    type: type === 'Warning' ? 'Warning' : 'Normal',
    reason: reason || 'ContainerGroup',
    message: (message ?? '').slice(0, longestMessage),
  };
}

function keyOf({ name, reason, message, count }: GroupEvent): string {
  return [name, reason, message, count].join('\n');
}
