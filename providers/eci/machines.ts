import type { Machine } from '../contract/index.ts';

const inChina: readonly Machine[] = [
  {
    name: 'ecs.c5.large',
    cpuMillis: 2000,
    memoryBytes: 4 * 1024 ** 3,
    perHour: 0.62,
    currency: 'CNY',
    asOf: '2024-11-27',
    source: 'https://help.aliyun.com/zh/eci/product-overview/elastic-container-instances',
  },
];

/** ECS pay-as-you-go, where a list price was read; elsewhere none, for a price that was guessed would look certain. */
export function machinesIn(region: string): readonly Machine[] {
  return region.startsWith('cn-') && region !== 'cn-hongkong' ? inChina : [];
}
