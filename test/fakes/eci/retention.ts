import type { ContainerGroup } from './group/group.ts';

const fullMs = 3_600_000;
const keptBeyond = 100;
const scheduleFailedMs = 24 * 3_600_000;

/**
 * What the service forgets: deleted groups; of ended groups made more than an hour ago all but the newest hundred; a
 * group that was never placed after a day. `groups` are in the order of their creation.
 */
export function forgotten(groups: readonly ContainerGroup[], now: number): string[] {
  const gone = groups.filter(
    ({ goneAt, status, endedAt }) =>
      goneAt !== undefined ||
      (status === 'ScheduleFailed' && endedAt !== undefined && now - endedAt > scheduleFailedMs),
  );
  const old = groups.filter(
    ({ terminal, createdAt, goneAt }) => terminal && goneAt === undefined && now - createdAt > fullMs,
  );
  const beyond = old.slice(0, Math.max(0, old.length - keptBeyond));
  return [...gone, ...beyond].map(({ id }) => id);
}
