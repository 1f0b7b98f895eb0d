import type { InstanceSize, SizingRules } from '../contract/index.ts';

/**
 * The sizes of Elastic Container Instance by vCPU and memory
 * (help.aliyun.com/zh/eci/user-guide/specify-the-number-of-vcpus-and-memory-size-to-create-a-pod, 2024-05-31).
 */
export const sizingRules: SizingRules = {
  unasked: { cpuMillis: 2000, memoryBytes: 4 * 1024 ** 3 },
  counts: 'limits',
};

/** vCPU → GiB. */
type Table = readonly (readonly [cpu: number, gib: readonly number[]])[];

const everywhere: Table = [
  [0.25, [0.5, 1]],
  [0.5, [1, 2]],
  [1, [2, 4, 8]],
  [2, [1, 2, 4, 8, 16]],
  [4, [2, 4, 8, 16, 32]],
  [8, [4, 8, 16, 32, 64]],
  [12, [12, 24, 48, 96]],
  [16, [16, 32, 64, 128]],
  [24, [24, 48, 96, 192]],
  [32, [32, 64, 128, 256]],
  [52, [96, 192, 384]],
  [64, [128, 256, 512]],
];

/** In some regions also, but not as spot. */
const further: Table = [
  [2, [6, 10, 12, 14]],
  [4, [6, 10, 12, 14, 18, 20, 22, 24, 26, 28, 30]],
  [6, even(6, 48)],
  [8, [10, 12, 14, ...even(18, 30), ...even(34, 62)]],
];

const regionsWithFurther: readonly string[] = [
  'cn-hangzhou',
  'cn-shanghai',
  'cn-qingdao',
  'cn-beijing',
  'cn-zhangjiakou',
  'cn-huhehaote',
  'cn-wulanchabu',
  'cn-shenzhen',
  'cn-heyuan',
  'cn-guangzhou',
  'cn-chengdu',
  'ap-southeast-1',
];

/** From here up and with no less memory than this for the cores (…/create-a-preemptible-elastic-container-instance-2). */
const leastSpotCpu = 2;
const leastSpotGib: ReadonlyMap<number, number> = new Map([
  [2, 2],
  [4, 4],
  [8, 8],
]);

export function onDemandSizes(region: string): readonly InstanceSize[] {
  return sizesOf(regionsWithFurther.includes(region) ? [...everywhere, ...further] : everywhere);
}

export function spotSizes(): readonly InstanceSize[] {
  return sizesOf(
    everywhere
      .filter(([cpu]) => cpu >= leastSpotCpu)
      .map(([cpu, gib]) => [cpu, gib.filter((each) => each >= (leastSpotGib.get(cpu) ?? 0))]),
  );
}

/** The name is what the vendor writes into `k8s.aliyun.com/eci-instance-spec`. */
function sizesOf(table: Table): InstanceSize[] {
  return table.flatMap(([cpu, memory]) =>
    memory.map((gib) => ({
      name: `${decimal(cpu)}-${decimal(gib)}Gi`,
      cpuMillis: cpu * 1000,
      memoryBytes: gib * 1024 ** 3,
    })),
  );
}

function decimal(amount: number): string {
  return Number.isInteger(amount) ? amount.toFixed(1) : String(amount);
}

function even(from: number, to: number): number[] {
  return Array.from({ length: (to - from) / 2 + 1 }, (_, index) => from + 2 * index);
}
