import type { ContainerStats, Instance, InstanceStats } from '../contract/index.ts';
import type { Calls } from './api/calls.ts';
import type { EciAnswer } from './api/eci-api.ts';
import { apiTime } from './view/times.ts';

const batch = 20;

type Metrics = NonNullable<EciAnswer<'describeMultiContainerGroupMetric'>['monitorDatas']>[number];
type Sample = NonNullable<Metrics['records']>[number];
type ContainerSample = NonNullable<Sample['containers']>[number];

/** The newest measurement of each instance that runs; those without one are left out. */
export async function eciStats(
  calls: Calls,
  instances: readonly Instance[],
  signal: AbortSignal,
): Promise<readonly InstanceStats[]> {
  const running = instances.filter(({ containers }) =>
    containers.some(({ state }) => state.kind === 'running'),
  );
  const batches = Array.from({ length: Math.ceil(running.length / batch) }, (_, index) =>
    running.slice(index * batch, (index + 1) * batch),
  );
  const answers = await Promise.all(
    batches.map((some) =>
      calls.call(
        'describeMultiContainerGroupMetric',
        { containerGroupIds: JSON.stringify(some.map(({ ref }) => ref.id)), metricType: 'summary' },
        { urgency: 'log' },
        signal,
      ),
    ),
  );
  const newest = new Map(
    answers.flatMap(({ monitorDatas = [] }) =>
      monitorDatas.map(({ containerGroupId, records = [] }) => [containerGroupId, records.at(-1)] as const),
    ),
  );
  return running.flatMap((instance) => statsOf(instance, newest.get(instance.ref.id)) ?? []);
}

function statsOf({ ref, containers }: Instance, sample: Sample | undefined): InstanceStats | undefined {
  const time = apiTime(sample?.timestamp);
  if (sample === undefined || time === undefined) return undefined;
  const measured = containers.flatMap(({ name, state }) => {
    const one = sample.containers?.find((each) => each.name === name);
    return one === undefined || state.kind !== 'running'
      ? []
      : [containerStats(name, state.startedAt, time, one)];
  });
  const interfaces = sample.network?.interfaces ?? [];
  return {
    ref,
    containers: measured,
    ...(interfaces.length > 0 && {
      network: {
        time,
        interfaces: interfaces.map(({ name = '', rxBytes = 0, rxErrors = 0, txBytes = 0, txErrors = 0 }) => ({
          name,
          rxBytes,
          rxErrors,
          txBytes,
          txErrors,
        })),
      },
    }),
  };
}

function containerStats(
  name: string,
  startedAt: string,
  time: string,
  { CPU, memory }: ContainerSample,
): ContainerStats {
  return {
    name,
    time,
    startedAt,
    cpuNanoSeconds: CPU?.usageCoreNanoSeconds ?? 0,
    memoryWorkingSetBytes: memory?.workingSet ?? 0,
    ...(memory?.usageBytes !== undefined && { memoryUsageBytes: memory.usageBytes }),
    ...(memory?.rss !== undefined && { memoryRssBytes: memory.rss }),
  };
}
