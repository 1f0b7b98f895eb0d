import type { MockContainer } from '../../../../providers/mock/container.ts';
import type { ContainerGroup } from './group.ts';
import { apiTime } from './times.ts';

/** One measurement of a group at a moment: what its programs say they use while they run. */
export function metricRecord(group: ContainerGroup, at: number): object {
  const containers = group.containers.flatMap((machine) => containerUsage(machine, at) ?? []);
  const sum = (what: 'nanoCores' | 'coreNanoSeconds' | 'bytes'): number =>
    containers.reduce((total, usage) => total + usage[what], 0);
  const limitBytes = group.goods.memory * 2 ** 30;
  return {
    Timestamp: apiTime(at),
    CPU: cpu(sum('nanoCores'), sum('coreNanoSeconds'), group.goods.cpu * 1000),
    Memory: memory(sum('bytes'), limitBytes),
    Network: { Interfaces: [{ Name: 'eth0', RxBytes: 1024, RxPackets: 8, TxBytes: 512, TxPackets: 4 }] },
    Containers: containers.map(({ name, nanoCores, coreNanoSeconds, bytes }) => ({
      Name: name,
      CPU: cpu(nanoCores, coreNanoSeconds, 0),
      Memory: memory(bytes, limitBytes),
    })),
  };
}

interface Usage {
  readonly name: string;
  readonly nanoCores: number;
  readonly coreNanoSeconds: number;
  readonly bytes: number;
}

function containerUsage(machine: MockContainer, at: number): Usage | undefined {
  const run = machine.running ? machine.runOf(false) : undefined;
  if (run === undefined || run.startedAt > at) return undefined;
  const { cpuMillis, memoryBytes } = machine.program;
  return {
    name: machine.name,
    nanoCores: cpuMillis * 1e6,
    // A thousandth of a core for a millisecond is a thousand core-nanoseconds.
    coreNanoSeconds: Math.round(cpuMillis * 1_000 * (at - run.startedAt)),
    bytes: memoryBytes,
  };
}

function cpu(nanoCores: number, coreNanoSeconds: number, limit: number): object {
  return { UsageNanoCores: nanoCores, UsageCoreNanoSeconds: coreNanoSeconds, Load: 0, Limit: limit };
}

function memory(bytes: number, limit: number): object {
  return {
    WorkingSet: bytes,
    UsageBytes: bytes,
    Rss: bytes,
    Cache: 0,
    AvailableBytes: Math.max(0, limit - bytes),
  };
}
