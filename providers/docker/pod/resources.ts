import { ProviderError } from '../../contract/errors.ts';
import type { ContainerSpec } from '../../contract/instance-spec.ts';
import type { HostConfig } from '../engine/shapes.ts';

/** Microseconds. */
const cpuPeriod = 100_000;
const leastShares = 2;
const leastQuota = 1_000;
/** The engine refuses less. */
const leastMemoryBytes = 6 * 2 ** 20;
const gpu = 'nvidia.com/gpu';

type ResourceConfig = Pick<
  HostConfig,
  'CpuShares' | 'CpuPeriod' | 'CpuQuota' | 'Memory' | 'MemorySwap' | 'DeviceRequests'
>;

/** Requests and limits as the kubelet sets them (pkg/kubelet/cm/helpers_linux.go): no swap beyond the memory limit. */
export function resourceConfig({ requests, limits, name }: ContainerSpec): ResourceConfig {
  const cpuMillis = requests.cpuMillis ?? limits.cpuMillis ?? 0;
  const memory = limits.memoryBytes ? Math.max(leastMemoryBytes, limits.memoryBytes) : undefined;
  return {
    CpuShares: Math.max(leastShares, Math.floor((cpuMillis * 1024) / 1000)),
    ...(limits.cpuMillis
      ? {
          CpuPeriod: cpuPeriod,
          CpuQuota: Math.max(leastQuota, Math.floor((limits.cpuMillis * cpuPeriod) / 1000)),
        }
      : {}),
    ...(memory === undefined ? {} : { Memory: memory, MemorySwap: memory }),
    ...deviceRequests(name, limits.extended ?? {}),
  };
}

function deviceRequests(
  container: string,
  extended: Readonly<Record<string, number>>,
): Pick<ResourceConfig, 'DeviceRequests'> {
  for (const [resource, amount] of Object.entries(extended))
    if (resource !== gpu && amount > 0)
      throw new ProviderError(
        'InvalidSpec',
        `container ${container} asks for ${resource}: the engine can hand over ${gpu} only; remove it from the limits`,
        { field: `resources.limits.${resource}` },
      );
  const count = extended[gpu] ?? 0;
  return count > 0 ? { DeviceRequests: [{ Driver: 'nvidia', Count: count, Capabilities: [['gpu']] }] } : {};
}
