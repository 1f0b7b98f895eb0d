import { type Exposed, Family } from '../../telemetry/exposition.ts';
import type { MeasuredPod } from './pod-index.ts';
import type { NodeUsage } from './usage.ts';

/**
 * The families of /metrics/resource (pkg/kubelet/metrics/collectors/resource_metrics.go), which metrics-server reads.
 * Every measured sample has the time of its measurement.
 */
export function resourceMetrics(usage: NodeUsage, pods: readonly MeasuredPod[]): Exposed[] {
  const nodeCpu = new Family(
    'counter',
    'node_cpu_usage_seconds_total',
    'Cumulative cpu time consumed by the node in core-seconds',
  );
  const nodeMemory = new Family(
    'gauge',
    'node_memory_working_set_bytes',
    'Current working set of the node in bytes',
  );
  const containerCpu = new Family(
    'counter',
    'container_cpu_usage_seconds_total',
    'Cumulative cpu time consumed by the container in core-seconds',
  );
  const containerMemory = new Family(
    'gauge',
    'container_memory_working_set_bytes',
    'Current working set of the container in bytes',
  );
  const containerStart = new Family(
    'gauge',
    'container_start_time_seconds',
    'Start time of the container since unix epoch in seconds',
  );
  const podCpu = new Family(
    'counter',
    'pod_cpu_usage_seconds_total',
    'Cumulative cpu time consumed by the pod in core-seconds',
  );
  const podMemory = new Family(
    'gauge',
    'pod_memory_working_set_bytes',
    'Current working set of the pod in bytes',
  );
  nodeCpu.set({}, usage.cpuNanoSeconds / 1e9, usage.at);
  nodeMemory.set({}, usage.memoryWorkingSetBytes, usage.at);
  for (const { namespace, name: pod, usage: used } of pods) {
    if (used.containers.length === 0) continue;
    for (const one of used.containers) {
      const labels = { container: one.name, namespace, pod };
      containerCpu.set(labels, one.cpuNanoSeconds / 1e9, one.at);
      containerMemory.set(labels, one.memoryWorkingSetBytes, one.at);
      containerStart.set(labels, Date.parse(one.startedAt) / 1000);
    }
    podCpu.set({ namespace, pod }, used.cpuNanoSeconds / 1e9, used.at);
    podMemory.set({ namespace, pod }, used.memoryWorkingSetBytes, used.at);
  }
  return [nodeCpu, nodeMemory, containerCpu, containerMemory, containerStart, podCpu, podMemory];
}

/** Whether the usage could be had; the second name is the older one. */
export function scrapeErrors(failed: boolean): Exposed[] {
  const help = '1 if there was an error while getting container metrics, 0 otherwise';
  return ['resource_scrape_error', 'scrape_error'].map((name) => {
    const family = new Family('gauge', name, help);
    family.set({}, failed ? 1 : 0);
    return family;
  });
}
