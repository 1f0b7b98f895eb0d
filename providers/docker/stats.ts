import type { ContainerStats } from '../contract/provider.ts';
import type { RuntimeContainer, SandboxState, SandboxStats } from '../contract/runtime.ts';
import type { Engine } from './engine/engine.ts';
import { hasStatus } from './engine/errors.ts';
import type { EngineStats } from './engine/shapes.ts';
import { inParallel } from './waiting.ts';

const measurements = 8;

/** Measures every run that runs. One that ends meanwhile is left out. */
export async function measure(
  engine: Engine,
  sandboxes: readonly SandboxState[],
  signal: AbortSignal,
): Promise<SandboxStats[]> {
  const runs = sandboxes.flatMap(({ id, containers }) => containers.map((run) => ({ sandboxId: id, run })));
  const measured = await inParallel(runs, measurements, async ({ sandboxId, run }) => ({
    sandboxId,
    stats: await measureRun(engine, run, signal),
  }));
  return sandboxes.map(({ id, owner }) => ({
    sandboxId: id,
    podUid: owner.podUid,
    containers: measured.flatMap(({ sandboxId, stats }) => (sandboxId === id && stats ? [stats] : [])),
  }));
}

async function measureRun(
  engine: Engine,
  { id, name, state }: RuntimeContainer,
  signal: AbortSignal,
): Promise<ContainerStats | undefined> {
  if (state.kind !== 'running') return undefined;
  try {
    const stats = await engine.stats(id, signal);
    const cpuNanoSeconds = stats.cpu_stats?.cpu_usage?.total_usage;
    const memoryWorkingSetBytes = workingSet(stats);
    if (cpuNanoSeconds === undefined || memoryWorkingSetBytes === undefined) return undefined;
    const time = new Date(stats.read).toISOString();
    return { name, time, startedAt: state.startedAt, cpuNanoSeconds, memoryWorkingSetBytes };
  } catch (error) {
    if (hasStatus(error, 404, 409)) return undefined;
    throw error;
  }
}

/** As cAdvisor reckons it: what is used, less the file pages that could be given back. The names differ by cgroup version. */
function workingSet({ memory_stats }: Pick<EngineStats, 'memory_stats'>): number | undefined {
  const { usage, stats } = memory_stats ?? {};
  if (usage === undefined) return undefined;
  return Math.max(0, usage - (stats?.total_inactive_file ?? stats?.inactive_file ?? 0));
}
