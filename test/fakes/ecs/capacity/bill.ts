import type { TaskRecord } from '../tasks/task-record.ts';
import type { FakeMarket } from './stock.ts';

/** USD per vCPU-hour and GB-hour. */
export interface FakeRates {
  readonly currency: string;
  /** ISO 8601 date. */
  readonly asOf: string;
  readonly vcpuHour: Readonly<Record<FakeMarket, number>>;
  readonly gbHour: Readonly<Record<FakeMarket, number>>;
}

/** us-east-1, x86; spot at the ceiling of its discount. */
export const listRates: FakeRates = {
  currency: 'USD',
  asOf: '2026-11-22',
  vcpuHour: { 'on-demand': 0.04048, spot: 0.012144 },
  gbHour: { 'on-demand': 0.004445, spot: 0.0013335 },
};

const minimumSeconds = 60;

/** What one task costs. */
export interface BillLine {
  readonly taskArn: string;
  readonly market: FakeMarket;
  readonly vcpu: number;
  readonly gb: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Absent while it goes on; then `seconds` and `amount` are those of now. */
  readonly endedAt?: number;
  /** Billed: whole ones, rounded up, at least a minute. */
  readonly seconds: number;
  readonly amount: number;
}

/** From the begin of the image pull to the end of the task, per second: aws.amazon.com/fargate/pricing. Undefined = never billed. */
export function billLine(task: TaskRecord, rates: FakeRates, now: number): BillLine | undefined {
  const { life, market, arn: taskArn } = task;
  const { pullStartedAt: startedAt, stoppedAt: endedAt } = life;
  if (startedAt === undefined) return undefined;
  const seconds = Math.max(minimumSeconds, Math.ceil(((endedAt ?? now) - startedAt) / 1000));
  const vcpu = task.cpu / 1024;
  const gb = task.memory / 1024;
  const amount = ((vcpu * rates.vcpuHour[market] + gb * rates.gbHour[market]) * seconds) / 3600;
  return { taskArn, market, vcpu, gb, startedAt, ...(endedAt !== undefined && { endedAt }), seconds, amount };
}
