import type { ProviderClock } from '../../../providers/contract/index.ts';
import type { FakeRates } from './capacity/bill.ts';
import type { ThrottleRates } from './capacity/throttles.ts';
import type { ChooseProgram } from './life/program.ts';
import type { Stages } from './life/stages.ts';
import type { FakeNetwork } from './tasks/network.ts';

export interface FakeEcsOptions {
  /** The time of the cloud. Default the real one. Signatures are held against the real one in any case. */
  readonly clock?: ProviderClock;
  /** Default Math.random. */
  readonly random?: () => number;
  readonly region?: string;
  /** Name → capacity providers. Default `burstlet` with FARGATE and FARGATE_SPOT, `default` with none. */
  readonly clusters?: Readonly<Record<string, readonly string[]>>;
  readonly network?: FakeNetwork;
  /** Over {@link briskStages}. */
  readonly stages?: Partial<Stages>;
  /** Over the vendor's. */
  readonly rates?: ThrottleRates;
  /** Prices. */
  readonly prices?: FakeRates;
  /** How far DescribeTasks and ListTasks lag behind, in milliseconds. Default 0. */
  readonly lagMs?: number;
  /** For containers without a variable that says what they do. */
  readonly program?: ChooseProgram;
  /** Keep every call, and tasks that nobody can see any more. Grows for ever. Default true. */
  readonly history?: boolean;
}

/** Two subnets in two zones, and a security group. */
export const smallNetwork: FakeNetwork = {
  subnets: { 'subnet-0a11': 'us-east-1a', 'subnet-0b22': 'us-east-1b' },
  securityGroups: ['sg-0c33'],
};
