import { ApiError } from './api-error.ts';

/** Calls per minute and API of one account, from the vendor's page of limits. APIs that it does not name are unlimited. */
export const documentedLimits: Readonly<Record<string, number>> = {
  CreateContainerGroup: 1000,
  CreateImageCache: 200,
  DeleteContainerGroup: 1000,
  DescribeContainerGroupMetric: 2000,
  DescribeContainerGroupPrice: 1000,
  DescribeContainerGroups: 2000,
  DescribeContainerLog: 500,
  DescribeMultiContainerGroupMetric: 500,
  ExecContainerCommand: 500,
  ExportContainerGroupTemplate: 1000,
  RestartContainerGroup: 500,
  UpdateContainerGroup: 500,
};

/** Counts calls by API in minutes of the clock. Calls beyond the limit fail until the next minute. */
export class Throttle {
  /** May be changed at any time; an API without an entry is unlimited. */
  limits: Readonly<Record<string, number>>;
  /** Calls turned away since the start, by API. */
  readonly rejected = new Map<string, number>();
  readonly #windows = new Map<string, { minute: number; calls: number }>();

  constructor(limits: Readonly<Record<string, number>>) {
    this.limits = limits;
  }

  /** Throws Throttling.User when the minute is used up. */
  enter(action: string, now: number): void {
    const minute = Math.floor(now / 60_000);
    const before = this.#windows.get(action);
    const window = before?.minute === minute ? before : { minute, calls: 0 };
    this.#windows.set(action, window);
    window.calls++;
    if (window.calls <= (this.limits[action] ?? Number.POSITIVE_INFINITY)) return;
    this.rejected.set(action, (this.rejected.get(action) ?? 0) + 1);
    throw throttled();
  }
}

export function throttled(): ApiError {
  return new ApiError(400, 'Throttling.User', 'Request was denied due to user flow control.');
}
