import type { ContainerStats, NetworkStats } from '../contract/provider.ts';
import type { RuntimeContainer, SandboxState, SandboxStats } from '../contract/runtime.ts';
import type { Engine } from './engine/engine.ts';
import { hasStatus } from './engine/errors.ts';
import type { EngineStats } from './engine/shapes.ts';
import { sandboxName } from './pod/labels.ts';
import { inParallel } from './waiting.ts';

const measurements = 8;

interface Measured {
  readonly sandboxId: string;
  readonly container?: ContainerStats | undefined;
  readonly network?: NetworkStats | undefined;
}

/**
 * Measures every run that runs, and the network of its sandbox. What cannot be measured is left out; rejects when
 * nothing could be, for then it is the engine that fails.
 */
export async function measure(
  engine: Pick<Engine, 'stats'>,
  sandboxes: readonly SandboxState[],
  signal: AbortSignal,
): Promise<SandboxStats[]> {
  const work = sandboxes.flatMap(({ id, containers }) => {
    const runs = containers.filter(({ state }) => state.kind === 'running');
    const network = async (): Promise<Measured> => ({
      sandboxId: id,
      network: networkOf(await engine.stats(sandboxName(id), signal)),
    });
    const each = runs.map(
      (run) => async (): Promise<Measured> => ({
        sandboxId: id,
        container: usageOf(run, await engine.stats(run.id, signal)),
      }),
    );
    return runs.length === 0 ? [] : [network, ...each];
  });
  let failure: unknown;
  const measured = await inParallel(work, measurements, async (one) => {
    try {
      return await one();
    } catch (error) {
      signal.throwIfAborted();
      // One that ends meanwhile is no failure.
      if (!hasStatus(error, 404, 409)) failure ??= error;
      return undefined;
    }
  });
  const known = measured.filter((one) => one !== undefined);
  if (known.length === 0 && failure !== undefined) throw failure;
  const bySandbox = Map.groupBy(known, ({ sandboxId }) => sandboxId);
  return sandboxes.map(({ id, owner }) => {
    const own = bySandbox.get(id) ?? [];
    const network = own.find((one) => one.network !== undefined)?.network;
    return {
      sandboxId: id,
      podUid: owner.podUid,
      containers: own.flatMap(({ container }) => (container === undefined ? [] : [container])),
      ...(network && { network }),
    };
  });
}

function usageOf({ name, state }: RuntimeContainer, stats: EngineStats): ContainerStats | undefined {
  const cpuNanoSeconds = stats.cpu_stats?.cpu_usage?.total_usage;
  const { usage, stats: pages } = stats.memory_stats ?? {};
  if (state.kind !== 'running' || cpuNanoSeconds === undefined || usage === undefined) return undefined;
  // The names differ by cgroup version.
  const rss = pages?.rss ?? pages?.anon;
  const processes = stats.pids_stats?.current;
  return {
    name,
    time: new Date(stats.read).toISOString(),
    startedAt: state.startedAt,
    cpuNanoSeconds,
    // As cAdvisor reckons it: what is used, less the file pages that could be given back.
    memoryWorkingSetBytes: Math.max(0, usage - (pages?.total_inactive_file ?? pages?.inactive_file ?? 0)),
    memoryUsageBytes: usage,
    ...(rss !== undefined && { memoryRssBytes: rss }),
    ...(processes !== undefined && { processes }),
    ...diskOf(stats),
  };
}

/** Absent where the engine has no figures of block devices, as below some of them. */
function diskOf({ blkio_stats }: EngineStats): Pick<ContainerStats, 'diskReadBytes' | 'diskWriteBytes'> {
  const entries = blkio_stats?.io_service_bytes_recursive;
  if (!entries) return {};
  const sum = (op: string): number =>
    entries.reduce((total, entry) => total + (entry.op.toLowerCase() === op ? entry.value : 0), 0);
  return { diskReadBytes: sum('read'), diskWriteBytes: sum('write') };
}

function networkOf({ read, networks }: EngineStats): NetworkStats | undefined {
  if (networks === undefined) return undefined;
  return {
    time: new Date(read).toISOString(),
    interfaces: Object.entries(networks).map(([name, counts]) => ({
      name,
      rxBytes: counts.rx_bytes,
      rxErrors: counts.rx_errors,
      txBytes: counts.tx_bytes,
      txErrors: counts.tx_errors,
    })),
  };
}
