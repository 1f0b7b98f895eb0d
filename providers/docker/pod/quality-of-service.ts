import type { ContainerSpec } from '../../contract/instance-spec.ts';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

/** As the API server computes it (pkg/apis/core/v1/helper/qos): CPU and memory only. */
export function qosClassOf(containers: readonly Pick<ContainerSpec, 'requests' | 'limits'>[]): QosClass {
  const asked = containers.flatMap(({ requests, limits }) => [
    requests.cpuMillis,
    requests.memoryBytes,
    limits.cpuMillis,
    limits.memoryBytes,
  ]);
  if (asked.every((value) => !value)) return 'BestEffort';
  const isGuaranteed = containers.every(
    ({ requests, limits }) =>
      limits.cpuMillis &&
      limits.memoryBytes &&
      (requests.cpuMillis ?? limits.cpuMillis) === limits.cpuMillis &&
      (requests.memoryBytes ?? limits.memoryBytes) === limits.memoryBytes,
  );
  return isGuaranteed ? 'Guaranteed' : 'Burstable';
}

/** The kubelet's score for its own pause containers (pkg/kubelet/qos/policy.go). */
export const sandboxOomScore = -998;

/** Who the kernel ends first when memory runs out (pkg/kubelet/qos/policy.go GetContainerOOMScoreAdjust). */
export function oomScore(
  qosClass: QosClass,
  memoryRequestBytes: number | undefined,
  machineBytes: number,
): number {
  if (qosClass === 'Guaranteed') return -997;
  if (qosClass === 'BestEffort') return 1000;
  const score = 1000 - Math.floor((1000 * (memoryRequestBytes ?? 0)) / machineBytes);
  return Math.min(999, Math.max(3, score));
}
