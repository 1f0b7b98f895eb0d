import type { ContainerStats, NetworkStats } from '../../../providers/contract/index.ts';

/** What was measured at one moment, made fit to be published: counters that never fall, nothing that is zero. */
export interface NodeUsage {
  /** When it was asked for, milliseconds since the epoch. */
  readonly at: number;
  /** Core-nanoseconds of everything that ran on the node since the daemon started. */
  readonly cpuNanoSeconds: number;
  /** Billionths of a core over the time since the measurement before; undefined after the first. */
  readonly nanoCores: number | undefined;
  readonly memoryWorkingSetBytes: number;
  readonly pods: readonly PodUsage[];
}

export interface PodUsage {
  readonly uid: string;
  readonly at: number;
  /** Core-nanoseconds of all runs of its containers since the daemon first saw it. */
  readonly cpuNanoSeconds: number;
  readonly nanoCores: number | undefined;
  readonly memoryWorkingSetBytes: number;
  readonly containers: readonly ContainerUsage[];
  readonly network: NetworkStats | undefined;
}

export interface ContainerUsage extends ContainerStats {
  /** `time` in milliseconds since the epoch. */
  readonly at: number;
  readonly nanoCores: number | undefined;
}
