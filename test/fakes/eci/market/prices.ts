import type { Size } from './sizes.ts';
import { instanceTypes } from './sizes.ts';

/** List prices in CNY per second, general purpose, China. */
const perCpuSecond = 0.000049;
const perGiBSecond = 0.00000613;

/** What is bought: a size, or an ECS type. */
export interface Goods extends Size {
  readonly instanceType?: string;
}

export const currency = 'CNY';

/** CNY per second without any discount. */
export function listPrice(goods: Goods): {
  readonly cpu: number;
  readonly memory: number;
  readonly total: number;
} {
  const type = goods.instanceType === undefined ? undefined : instanceTypes.get(goods.instanceType);
  const total = type && type.perHour / 3600;
  const cpu = goods.cpu * perCpuSecond;
  const memory = goods.memory * perGiBSecond;
  if (total === undefined) return { cpu, memory, total: round(cpu + memory) };
  // A type has one price; the parts are shown in the same proportion as without it.
  const share = cpu / (cpu + memory);
  return { cpu: total * share, memory: total * (1 - share), total: round(total) };
}

/** Beyond the last decimal that the vendor shows, sums of floating point numbers differ by chance. */
export function round(price: number): number {
  return Math.round(price * 1e13) / 1e13;
}

/** CNY per second for ephemeral storage beyond what every instance has. */
export function ephemeralPrice(gib: number): number {
  return gib * 0.00000059;
}

/** What a price per second is in an hour, in billionths: so that both tell the same. */
export function perHour(perSecond: number): number {
  return Math.round(perSecond * 3600 * 1e9) / 1e9;
}
