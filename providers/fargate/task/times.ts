import type { Task } from '@aws-sdk/client-ecs';

/** ISO 8601 of the first that is known; undefined when none is. */
export function firstTime(...times: readonly (Date | undefined)[]): string | undefined {
  return times.find((time) => time !== undefined)?.toISOString();
}

export interface TaskTimes {
  readonly createdAt: string;
  /** From when containers could run. */
  readonly begunAt: string;
  /** When all of its containers ran. */
  readonly runningAt: string;
  /** When none of them ran any more; undefined while one may. */
  readonly endedAt: string | undefined;
  readonly stoppingAt: string | undefined;
}

/** ECS stamps tasks, not containers: these are the nearest there is. */
export function timesOf(task: Task, now: string): TaskTimes {
  const { createdAt, pullStartedAt, pullStoppedAt, startedAt, stoppingAt, executionStoppedAt, stoppedAt } =
    task;
  const created = firstTime(createdAt) ?? now;
  const begun = firstTime(pullStoppedAt, pullStartedAt) ?? created;
  return {
    createdAt: created,
    begunAt: begun,
    runningAt: firstTime(startedAt) ?? begun,
    endedAt: firstTime(executionStoppedAt, stoppedAt),
    stoppingAt: firstTime(stoppingAt),
  };
}
