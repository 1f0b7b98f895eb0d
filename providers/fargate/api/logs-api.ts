import type { CloudWatchLogs, OutputLogEvent } from '@aws-sdk/client-cloudwatch-logs';
import type { RateBudget } from '../../contract/index.ts';
import { classify, type Place } from './errors.ts';

export interface LogsApiDeps {
  readonly logs: CloudWatchLogs;
  readonly budget: RateBudget;
  readonly place: Place;
}

export interface LogPage {
  readonly events: readonly OutputLogEvent[];
  readonly forward: string | undefined;
  readonly backward: string | undefined;
}

export interface PageWish {
  readonly group: string;
  readonly stream: string;
  /** The page after or before this token; absent = the first, or the last. */
  readonly token?: string | undefined;
  readonly direction: 'forward' | 'backward';
  /** Milliseconds since the epoch. */
  readonly since?: number | undefined;
  readonly limit?: number;
}

const callTimeoutMs = 20_000;

/** Reads streams of CloudWatch Logs. */
export class LogsApi {
  readonly #deps: LogsApiDeps;

  constructor(deps: LogsApiDeps) {
    this.#deps = deps;
  }

  /** Undefined while there is no such stream: it is made with the first line. */
  async page(wish: PageWish, signal: AbortSignal): Promise<LogPage | undefined> {
    const { budget, logs, place } = this.#deps;
    const { group, stream, token, direction, since, limit } = wish;
    await budget.take(signal, 'log');
    try {
      const answer = await logs.getLogEvents(
        {
          logGroupName: group,
          logStreamName: stream,
          startFromHead: direction === 'forward',
          nextToken: token,
          startTime: since,
          limit,
        },
        { abortSignal: AbortSignal.any([signal, AbortSignal.timeout(callTimeoutMs)]) },
      );
      const { events = [], nextForwardToken: forward, nextBackwardToken: backward } = answer;
      return { events, forward, backward };
    } catch (error) {
      if (
        error instanceof Error &&
        error.name === 'ResourceNotFoundException' &&
        /stream/.test(error.message)
      )
        return undefined;
      throw classify(error, `GetLogEvents of ${group}`, place);
    }
  }
}
