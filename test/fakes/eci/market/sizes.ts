/** What can be bought by vCPU and memory, written down from the vendor's pages on its own, apart from the adapter's table. */

export interface Size {
  readonly cpu: number;
  /** GiB. */
  readonly memory: number;
}

const everywhere: ReadonlyMap<number, readonly number[]> = new Map([
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
]);

/** On top of the first table, in some regions only and never as spot. */
const regionalExtras: ReadonlyMap<number, readonly number[]> = new Map([
  [2, [6, 10, 12, 14]],
  [4, [6, 10, 12, 14, 18, 20, 22, 24, 26, 28, 30]],
  [6, [6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34, 36, 38, 40, 42, 44, 46, 48]],
  [8, [10, 12, 14, 18, 20, 22, 24, 26, 28, 30, 34, 36, 38, 40, 42, 44, 46, 48, 50, 52, 54, 56, 58, 60, 62]],
]);

const regionsWithExtras = [
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

/** ECS types that the fake knows: size, GPUs and list price per hour. */
export const instanceTypes: ReadonlyMap<string, Size & { readonly gpu: number; readonly perHour: number }> =
  new Map([
    ['ecs.c5.large', { cpu: 2, memory: 4, gpu: 0, perHour: 0.622 }],
    ['ecs.c6.large', { cpu: 2, memory: 4, gpu: 0, perHour: 0.59 }],
    ['ecs.c6.xlarge', { cpu: 4, memory: 8, gpu: 0, perHour: 1.18 }],
    ['ecs.g6.large', { cpu: 2, memory: 8, gpu: 0, perHour: 0.75 }],
    ['ecs.gn6i-c4g1.xlarge', { cpu: 4, memory: 15, gpu: 1, perHour: 11.63 }],
  ]);

function isSpotSize({ cpu, memory }: Size): boolean {
  return cpu >= 2 && memory >= cpu;
}

/** All sizes on sale, small to large. */
export function sizesOnSale(region: string, spot: boolean): Size[] {
  const plain = [...everywhere].flatMap(([cpu, memories]) => memories.map((memory) => ({ cpu, memory })));
  if (spot) return plain.filter(isSpotSize);
  if (!regionsWithExtras.includes(region)) return plain;
  const extras = [...regionalExtras].flatMap(([cpu, memories]) =>
    memories.map((memory) => ({ cpu, memory })),
  );
  return [...plain, ...extras].sort((one, other) => one.cpu - other.cpu || one.memory - other.memory);
}

/** The nearest size on sale that is not smaller; undefined = nothing that large. */
export function roundedUp(wanted: Size, region: string, spot: boolean): Size | undefined {
  return sizesOnSale(region, spot).find(({ cpu, memory }) => cpu >= wanted.cpu && memory >= wanted.memory);
}
