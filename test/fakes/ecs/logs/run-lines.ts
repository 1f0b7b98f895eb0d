import type { ContainerLife } from '../life/container-life.ts';

export interface LogLine {
  readonly timestamp: number;
  readonly message: string;
}

/** What a container has written in all its runs. Nothing is stored: it follows from the program and the runs. */
export function linesOf(container: ContainerLife, now: number): LogLine[] {
  const { logs, logEveryMs } = container.plan.program;
  return container.runs.flatMap(({ startedAt, endedAt }) =>
    logs
      .map((line, index) => ({
        timestamp: startedAt + index * logEveryMs,
        message: typeof line === 'string' ? line : line.stderr,
      }))
      .filter(({ timestamp }) => timestamp <= Math.min(now, endedAt)),
  );
}
