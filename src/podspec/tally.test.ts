import { describe, expect, test } from 'vitest';
import { Tally } from './tally.ts';

describe('the tally', () => {
  test('adds up, and shows it to those who hold the sum', () => {
    const tally = new Tally();
    const { used } = tally;
    tally.take('a', { pods: 1, cpu: 500 });
    tally.take('b', { pods: 1, memory: 7 });
    expect(used).toEqual({ pods: 2, cpu: 500, memory: 7 });
    expect(tally.free('a')).toBe(true);
    expect(used).toEqual({ pods: 1, cpu: 0, memory: 7 });
  });

  test('counts a Pod once', () => {
    const tally = new Tally();
    expect(tally.take('a', { pods: 1, cpu: 500 })).toBe(true);
    expect(tally.take('a', { pods: 1, cpu: 500 })).toBe(false);
    expect(tally.take('a', { pods: 1, cpu: 100 })).toBe(true);
    expect(tally.used).toEqual({ pods: 1, cpu: 100 });
    expect(tally.free('a')).toBe(true);
    expect(tally.free('a')).toBe(false);
    expect(tally.used).toEqual({ pods: 0, cpu: 0 });
    expect(tally.has('a')).toBe(false);
  });
});
