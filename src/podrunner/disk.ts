import type { ContainerSpec, DiskUsage, InstanceSpec, SandboxState } from '../../providers/contract/index.ts';
import type { Action } from './actions.ts';
import { measureAction } from './actions.ts';
import type { RunnerState } from './state.ts';
import { isRunning } from './state.ts';

/** pkg/kubelet/kubelet.go, evictionMonitoringPeriod. */
const periodMs = 10_000;
/** Of many files a look takes long: it is not made more often than that it takes a twentieth of the time. */
const leastShare = 20;

/** When the disk was looked at last, and how long that took. Milliseconds. */
export interface DiskMemory {
  readonly lookedAt: number;
  readonly tookMs: number;
}

/** The look at the disk that is due, in a Pod that has a limit to break. */
export function diskLooks(
  spec: InstanceSpec,
  { sandbox, disk }: RunnerState,
  now: number,
): { readonly actions: readonly Action[]; readonly wakes: readonly number[] } {
  const volumes = measuredVolumes(spec);
  const isLimited = podLimit(spec) !== undefined;
  const containerIds = isLimited ? sandbox.containers.filter(isRunning).map(({ id }) => id) : [];
  if (disk === undefined || volumes.length + containerIds.length === 0) return { actions: [], wakes: [] };
  const due = disk.lookedAt + Math.max(periodMs, disk.tookMs * leastShare);
  return due > now
    ? { actions: [], wakes: [due] }
    : { actions: [measureAction({ volumes, containerIds })], wakes: [] };
}

/** Those with a limit of their own; all on disk where the Pod as a whole has one. */
function measuredVolumes(spec: InstanceSpec): string[] {
  const isLimited = podLimit(spec) !== undefined;
  return spec.volumes
    .filter((volume) => volume.kind === 'emptyDir' && volume.medium === '')
    .filter((volume) => isLimited || (volume.kind === 'emptyDir' && volume.sizeLimitBytes !== undefined))
    .map(({ name }) => name);
}

/**
 * Which limit is broken, in the kubelet's words and in its order; undefined = none
 * (pkg/kubelet/eviction/eviction_manager.go, localStorageEviction). Init containers have no limit of their own there.
 */
export function brokenLimit(
  spec: InstanceSpec,
  { containers }: SandboxState,
  usage: DiskUsage,
): string | undefined {
  for (const volume of spec.volumes) {
    if (volume.kind !== 'emptyDir' || volume.sizeLimitBytes === undefined) continue;
    if ((usage.volumes.get(volume.name) ?? 0) > volume.sizeLimitBytes)
      return `Usage of EmptyDir volume "${volume.name}" exceeds the limit "${sizeText(volume.sizeLimitBytes)}". `;
  }
  const total = podLimit(spec);
  const used = [...usage.volumes.values(), ...usage.containers.values()].reduce((sum, one) => sum + one, 0);
  if (total !== undefined && used > total)
    return `Pod ephemeral local storage usage exceeds the total limit of containers ${sizeText(total)}. `;
  for (const { name, limits } of spec.containers) {
    const run = containers.findLast((one) => one.name === name && isRunning(one));
    const limit = limits.ephemeralStorageBytes;
    if (run !== undefined && limit && (usage.containers.get(run.id) ?? 0) > limit)
      return `Container ${name} exceeded its local ephemeral storage limit "${sizeText(limit)}". `;
  }
  return undefined;
}

/**
 * What a Pod may have on disk in all; undefined = no container has a limit. The largest sum that its containers come to at
 * one time, those without a limit not counted (component-helpers/resource/helpers.go, AggregateContainerLimits).
 */
function podLimit({ initContainers, containers }: InstanceSpec): number | undefined {
  if (![...initContainers, ...containers].some((one) => limitOf(one) !== undefined)) return undefined;
  let sidecars = 0;
  let highest = 0;
  for (const init of initContainers) {
    const limit = limitOf(init) ?? 0;
    if (init.restartPolicy === 'Always') sidecars += limit;
    highest = Math.max(highest, init.restartPolicy === 'Always' ? sidecars : sidecars + limit);
  }
  return Math.max(
    highest,
    containers.reduce((sum, one) => sum + (limitOf(one) ?? 0), sidecars),
  );
}

function limitOf({ limits }: ContainerSpec): number | undefined {
  return limits.ephemeralStorageBytes;
}

/**
 * Bytes as a quantity of Kubernetes. How it was written in the Pod is not known here: the shorter of the two notations
 * is what people write.
 */
function sizeText(bytes: number): string {
  const [binary, decimal] = [
    scaled(bytes, 1024, ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi']),
    scaled(bytes, 1000, ['', 'k', 'M', 'G', 'T', 'P']),
  ];
  return decimal.length < binary.length ? decimal : binary;
}

function scaled(amount: number, step: number, suffixes: readonly string[]): string {
  let power = 0;
  while (amount > 0 && amount % step === 0 && power < suffixes.length - 1) {
    amount /= step;
    power++;
  }
  return `${amount}${suffixes[power]}`;
}
