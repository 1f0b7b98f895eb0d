import type { InstanceSize, SizingRules } from '../contract/index.ts';

/** docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html */
export const sizingRules: SizingRules = {
  unasked: { cpuMillis: 250, memoryBytes: 512 * 1024 ** 2 },
  counts: 'requests',
};

/** CPU units (1024 = one vCPU) → MiB, from, to, step. */
const rows: readonly (readonly [cpu: number, from: number, to: number, step: number])[] = [
  [512, 1024, 4096, 1024],
  [1024, 2048, 8192, 1024],
  [2048, 4096, 16_384, 1024],
  [4096, 8192, 30_720, 1024],
  [8192, 16_384, 61_440, 4096],
  [16_384, 32_768, 122_880, 8192],
];

/** What a task on Fargate may have, platform version 1.4.0. */
export const sizes: readonly InstanceSize[] = [
  ...[512, 1024, 2048].map((mib) => sizeOf(256, mib)),
  ...rows.flatMap(([cpu, from, to, step]) =>
    Array.from({ length: (to - from) / step + 1 }, (_, index) => sizeOf(cpu, from + index * step)),
  ),
];

/** Named as EKS writes it into the annotation CapacityProvisioned. */
function sizeOf(cpuUnits: number, mib: number): InstanceSize {
  return {
    name: `${cpuUnits / 1024}vCPU ${mib / 1024}GB`,
    cpuMillis: (cpuUnits / 1024) * 1000,
    memoryBytes: mib * 1024 ** 2,
  };
}
