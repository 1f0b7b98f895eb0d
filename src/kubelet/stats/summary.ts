import type { Capacity } from '../../../providers/contract/index.ts';
import type { MeasuredPod } from './pod-index.ts';
import type { ContainerUsage, NodeUsage } from './usage.ts';

/** The daemon itself, as a kubelet reports itself among the system containers. */
export interface DaemonUsage {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly cpuNanoSeconds: number;
  readonly residentBytes: number;
}

export interface SummaryInput {
  readonly nodeName: string;
  readonly usage: NodeUsage;
  readonly pods: readonly MeasuredPod[];
  readonly capacity: Capacity;
  readonly daemon: DaemonUsage;
  readonly onlyCpuAndMemory: boolean;
}

/**
 * The answer to /stats/summary (staging/src/k8s.io/kubelet/pkg/apis/stats/v1alpha1/types.go). The node is the sum of
 * its Pods: the machine of the daemon is another one, and none of the cluster's business.
 */
export function summaryOf(input: SummaryInput): object {
  const { nodeName, usage, capacity, daemon, pods } = input;
  const time = isoTime(usage.at);
  const available = (capacity.resources.memoryBytes ?? 0) - usage.memoryWorkingSetBytes;
  const system = {
    name: 'kubelet',
    startTime: isoTime(daemon.startedAt),
    cpu: { time, usageCoreNanoSeconds: Math.round(daemon.cpuNanoSeconds) },
    memory: { time, workingSetBytes: daemon.residentBytes, rssBytes: daemon.residentBytes },
  };
  return {
    node: {
      nodeName,
      startTime: isoTime(daemon.startedAt),
      cpu: cpuOf(time, usage),
      memory: {
        time,
        ...(available > 0 && { availableBytes: available }),
        workingSetBytes: usage.memoryWorkingSetBytes,
      },
      ...(input.onlyCpuAndMemory ? {} : { systemContainers: [system] }),
    },
    pods: pods.map((pod) => podOf(pod, input.onlyCpuAndMemory)),
  };
}

function podOf({ pod, namespace, name, uid, usage }: MeasuredPod, onlyCpuAndMemory: boolean): object {
  const time = isoTime(usage.at);
  const processes = usage.containers.map((one) => one.processes);
  const isCounted = processes.length > 0 && processes.every((count) => count !== undefined);
  return {
    podRef: { name, namespace, uid },
    startTime: pod.status?.startTime ?? pod.metadata?.creationTimestamp ?? time,
    containers: usage.containers.map(containerOf),
    cpu: cpuOf(time, usage),
    memory: { time, workingSetBytes: usage.memoryWorkingSetBytes },
    ...(onlyCpuAndMemory ? {} : networkOf(usage.network)),
    ...(!onlyCpuAndMemory && isCounted
      ? { process_stats: { process_count: processes.reduce((total, count) => total + (count ?? 0), 0) } }
      : {}),
  };
}

function containerOf(usage: ContainerUsage): object {
  const time = isoTime(usage.at);
  const { memoryUsageBytes, memoryRssBytes } = usage;
  return {
    name: usage.name,
    startTime: usage.startedAt,
    cpu: cpuOf(time, usage),
    memory: {
      time,
      ...(memoryUsageBytes !== undefined && { usageBytes: memoryUsageBytes }),
      workingSetBytes: usage.memoryWorkingSetBytes,
      ...(memoryRssBytes !== undefined && { rssBytes: memoryRssBytes }),
    },
  };
}

function cpuOf(time: string, usage: Pick<NodeUsage, 'nanoCores' | 'cpuNanoSeconds'>): object {
  return {
    time,
    ...(usage.nanoCores !== undefined && { usageNanoCores: usage.nanoCores }),
    usageCoreNanoSeconds: Math.round(usage.cpuNanoSeconds),
  };
}

/** The first interface stands for the Pod, as in a kubelet's summary. */
function networkOf(network: MeasuredPod['usage']['network']): object {
  const [first] = network?.interfaces ?? [];
  if (network === undefined || first === undefined) return {};
  return { network: { time: network.time, ...first, interfaces: network.interfaces } };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
