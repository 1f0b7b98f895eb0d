import type { ProviderClock } from '../../../providers/contract/index.ts';
import type { Latency } from '../../../providers/mock/random.ts';

/** How long the stages of a group take. See group/stages.ts. */
export interface StageOptions {
  readonly schedulingMs?: Latency;
  readonly pendingMs?: Latency;
  readonly releasingMs?: Latency;
  readonly restartingMs?: Latency;
  readonly updatingMs?: Latency;
}

export interface FakeEciOptions {
  /** The clock of the cloud: life cycles, bills, minutes of the throttle. Default the real one. */
  readonly clock?: ProviderClock;
  /** For the freshness of signatures, which the SDK dates itself. Default the real time. */
  readonly wall?: () => number;
  /** Of everything that is drawn: stage durations given as ranges, faults by probability. Default 1. */
  readonly seed?: number;
  /** Default cn-hangzhou. */
  readonly region?: string;
  /** vSwitch → zone. Default vsw-fake-h and vsw-fake-i in the zones -h and -i of the region. */
  readonly vSwitches?: Readonly<Record<string, string>>;
  /** Default sg-fake. */
  readonly securityGroups?: readonly string[];
  /** Default: placed after 2 s, first container 8 s later, released 2 s after the last container ended. */
  readonly stages?: StageOptions;
  /** Calls per minute by API; `none` = unlimited. Default the documented ones. */
  readonly limits?: Readonly<Record<string, number>> | 'none';
  /** vCPU that may be in use at a time. Default 10,000. */
  readonly quotaCpu?: number;
  /** Spot price as a part of the list price. Default 0.2. */
  readonly spotPart?: number;
  /** Refuse requests that depart from the SDK's model of them (and note them). Default true. */
  readonly strict?: boolean;
  /** A page of a listing is filled to this part of Limit, from 0 to 1. Default 1. */
  readonly pageFill?: number;
  /** Keep every call, and groups long gone. Grows for ever. Default true. */
  readonly history?: boolean;
}
