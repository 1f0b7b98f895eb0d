import type { Capacity, Instance } from '../../../providers/contract/index.ts';
import { parseQuantity, toMillis, toUnits } from '../../kube/quantity.ts';
import type { Container } from '../../kube/types.ts';
import { type Exposed, Family, type Labels } from '../../telemetry/exposition.ts';
import type { MeasuredPod } from './pod-index.ts';
import type { ContainerUsage, NodeUsage } from './usage.ts';

export interface CadvisorInput {
  readonly usage: NodeUsage;
  readonly pods: readonly MeasuredPod[];
  /** The instance of a Pod, for the ids and images of its containers. */
  readonly instance: (pod: MeasuredPod) => Instance | undefined;
  readonly capacity: Capacity;
}

/** Of the CFS quota that a limit becomes, microseconds. */
const periodMicros = 100_000;

/** The metrics of cAdvisor that dashboards draw, as far as a provider measures them; a series that is not is absent. */
export function cadvisorMetrics({ usage, pods, instance, capacity }: CadvisorInput): Exposed[] {
  const table = new FamilyTable();
  const { cpuMillis, memoryBytes } = capacity.resources;
  if (cpuMillis !== undefined) table.set('machine_cpu_cores', {}, cpuMillis / 1000);
  if (memoryBytes !== undefined) table.set('machine_memory_bytes', {}, memoryBytes);
  const root = { container: '', id: '/', image: '', name: '', namespace: '', pod: '' };
  table.set('container_cpu_usage_seconds_total', { ...root, cpu: 'total' }, cpuSeconds(usage), usage.at);
  table.set('container_memory_working_set_bytes', root, usage.memoryWorkingSetBytes, usage.at);
  for (const pod of pods) {
    const seen = instance(pod);
    for (const one of pod.usage.containers) {
      const known = seen?.containers.find(({ name }) => name === one.name);
      const labels = {
        container: one.name,
        id: `/kubepods/pod${pod.uid}/${known?.id ?? ''}`,
        image: known?.image ?? '',
        name: known?.id ?? '',
        namespace: pod.namespace,
        pod: pod.name,
      };
      setContainer(table, labels, one);
      setSpec(table, labels, specOf(pod, one.name));
    }
    setNetwork(table, pod);
  }
  return table.families();
}

function setContainer(table: FamilyTable, labels: Labels, one: ContainerUsage): void {
  const { at } = one;
  table.set('container_cpu_usage_seconds_total', { ...labels, cpu: 'total' }, cpuSeconds(one), at);
  table.set('container_memory_working_set_bytes', labels, one.memoryWorkingSetBytes, at);
  table.set('container_start_time_seconds', labels, Date.parse(one.startedAt) / 1000);
  table.set('container_last_seen', labels, at / 1000, at);
  if (one.memoryUsageBytes !== undefined)
    table.set('container_memory_usage_bytes', labels, one.memoryUsageBytes, at);
  if (one.memoryRssBytes !== undefined) table.set('container_memory_rss', labels, one.memoryRssBytes, at);
  if (one.processes !== undefined) table.set('container_processes', labels, one.processes, at);
  if (one.diskReadBytes !== undefined)
    table.set('container_fs_reads_bytes_total', { ...labels, device: '' }, one.diskReadBytes, at);
  if (one.diskWriteBytes !== undefined)
    table.set('container_fs_writes_bytes_total', { ...labels, device: '' }, one.diskWriteBytes, at);
}

/** As a kubelet turns requests and limits into cgroup settings (pkg/kubelet/cm/helpers_linux.go). */
function setSpec(table: FamilyTable, labels: Labels, container: Container | undefined): void {
  if (container === undefined) return;
  const { requests = {}, limits = {} } = container.resources ?? {};
  const request = requests.cpu ?? limits.cpu;
  const shares = request === undefined ? 2 : Math.floor((toMillis(parseQuantity(request)) * 1024) / 1000);
  table.set('container_spec_cpu_shares', labels, Math.max(2, shares));
  if (limits.cpu !== undefined) {
    table.set('container_spec_cpu_period', labels, periodMicros);
    table.set(
      'container_spec_cpu_quota',
      labels,
      (toMillis(parseQuantity(limits.cpu)) * periodMicros) / 1000,
    );
  }
  const memory = limits.memory === undefined ? 0 : toUnits(parseQuantity(limits.memory));
  table.set('container_spec_memory_limit_bytes', labels, memory);
}

function setNetwork(
  table: FamilyTable,
  { uid, namespace, name: pod, usage: { network } }: MeasuredPod,
): void {
  if (network === undefined) return;
  const at = Date.parse(network.time);
  for (const one of network.interfaces) {
    const id = `/kubepods/pod${uid}`;
    const labels = { container: '', id, image: '', interface: one.name, name: '', namespace, pod };
    table.set('container_network_receive_bytes_total', labels, one.rxBytes, at);
    table.set('container_network_receive_errors_total', labels, one.rxErrors, at);
    table.set('container_network_transmit_bytes_total', labels, one.txBytes, at);
    table.set('container_network_transmit_errors_total', labels, one.txErrors, at);
  }
}

function specOf({ pod: { spec } }: MeasuredPod, name: string): Container | undefined {
  const all = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  return all.find((container) => container.name === name);
}

function cpuSeconds({ cpuNanoSeconds }: { readonly cpuNanoSeconds: number }): number {
  return cpuNanoSeconds / 1e9;
}

const help = {
  machine_cpu_cores: ['gauge', 'Number of logical CPU cores.'],
  machine_memory_bytes: ['gauge', 'Amount of memory installed on the machine.'],
  container_cpu_usage_seconds_total: ['counter', 'Cumulative cpu time consumed in seconds.'],
  container_memory_working_set_bytes: ['gauge', 'Current working set in bytes.'],
  container_memory_usage_bytes: [
    'gauge',
    'Current memory usage in bytes, with all memory regardless of when.',
  ],
  container_memory_rss: ['gauge', 'Size of RSS in bytes.'],
  container_start_time_seconds: ['gauge', 'Start time of the container since unix epoch in seconds.'],
  container_last_seen: ['gauge', 'Last time a container was seen by the exporter.'],
  container_processes: ['gauge', 'Number of processes running inside the container.'],
  container_fs_reads_bytes_total: ['counter', 'Cumulative count of bytes read.'],
  container_fs_writes_bytes_total: ['counter', 'Cumulative count of bytes written.'],
  container_network_receive_bytes_total: ['counter', 'Cumulative count of bytes received.'],
  container_network_receive_errors_total: ['counter', 'Cumulative count of errors while receiving.'],
  container_network_transmit_bytes_total: ['counter', 'Cumulative count of bytes transmitted.'],
  container_network_transmit_errors_total: ['counter', 'Cumulative count of errors while transmitting.'],
  container_spec_cpu_period: ['gauge', 'CPU period of the container.'],
  container_spec_cpu_quota: ['gauge', 'CPU quota of the container.'],
  container_spec_cpu_shares: ['gauge', 'CPU share of the container.'],
  container_spec_memory_limit_bytes: ['gauge', 'Memory limit for the container.'],
} as const satisfies Readonly<Record<string, readonly ['counter' | 'gauge', string]>>;

type Name = keyof typeof help;

/** The families that have a sample. */
class FamilyTable {
  readonly #families = new Map<Name, Family>();

  set(name: Name, labels: Labels, value: number, at?: number): void {
    let family = this.#families.get(name);
    if (family === undefined) {
      const [type, text] = help[name];
      family = new Family(type, name, text);
      this.#families.set(name, family);
    }
    family.set(labels, value, at);
  }

  families(): Exposed[] {
    return [...this.#families.values()];
  }
}
