import { describe, expect, it } from 'vitest';
import { roundedUp, sizesOnSale } from './sizes.ts';

const show = (size: { cpu: number; memory: number } | undefined): string =>
  size === undefined ? 'none' : `${size.cpu}c${size.memory}g`;

describe('sizes', () => {
  it.each([
    [7, 13, 'cn-hangzhou', false, '8c14g'],
    [7, 13, 'eu-central-1', false, '8c16g'],
    [6.25, 8.5, 'cn-hangzhou', false, '8c10g'],
    [0.1, 0.1, 'cn-hangzhou', false, '0.25c0.5g'],
    [0.25, 3, 'cn-hangzhou', false, '1c4g'],
    [2, 5, 'cn-hangzhou', false, '2c6g'],
    [2, 5, 'cn-hangzhou', true, '2c8g'],
    [1, 1, 'cn-hangzhou', true, '2c2g'],
    [4, 2, 'cn-hangzhou', true, '4c4g'],
    [8, 4, 'cn-hangzhou', true, '8c8g'],
    [52, 385, 'cn-hangzhou', false, '64c512g'],
    [64, 513, 'cn-hangzhou', false, 'none'],
  ])('%d vCPU and %d GiB in %s, spot %s: %s', (cpu, memory, region, spot, size) => {
    expect(show(roundedUp({ cpu, memory }, region, spot))).toBe(size);
  });

  it('are never smaller than what is asked for, and no larger than they must be', () => {
    for (const region of ['cn-hangzhou', 'eu-central-1'])
      for (const spot of [false, true])
        for (let cpu = 0.25; cpu <= 64; cpu *= 1.5)
          for (let memory = 0.5; memory <= 512; memory *= 1.5) {
            const found = roundedUp({ cpu, memory }, region, spot);
            const fitting = sizesOnSale(region, spot).filter(
              (size) => size.cpu >= cpu && size.memory >= memory,
            );
            const smaller = fitting.filter(
              (size) => found && size.cpu <= found.cpu && size.memory <= found.memory,
            );
            expect(fitting.map(show).includes(show(found))).toBe(fitting.length > 0);
            expect(smaller.map(show).filter((size) => size !== show(found))).toEqual([]);
          }
  });

  it('are even in the regional table, and none is sold twice', () => {
    const all = sizesOnSale('cn-hangzhou', false);
    expect(new Set(all.map(show)).size).toBe(all.length);
    expect(all.filter(({ cpu }) => cpu === 6)).toHaveLength(22);
    expect(all.filter(({ cpu }) => cpu === 8).map(({ memory }) => memory)).toHaveLength(30);
  });
});
