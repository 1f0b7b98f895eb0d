import { describe, expect, it } from 'vitest';
import { Ledger } from './ledger.ts';

describe('the ledger', () => {
  it('adds up by node, and shows it to those who hold the sum', () => {
    const ledger = new Ledger();
    const used = ledger.used('n');
    ledger.take('a', 'n', { pods: 1, cpu: 500 });
    ledger.take('b', 'n', { pods: 1, memory: 7 });
    ledger.take('c', 'other', { pods: 1 });
    expect(used).toEqual({ pods: 2, cpu: 500, memory: 7 });
    expect(ledger.free('a')).toBe(true);
    expect(used).toEqual({ pods: 1, cpu: 0, memory: 7 });
  });

  it('counts a Pod once', () => {
    const ledger = new Ledger();
    expect(ledger.take('a', 'n', { pods: 1, cpu: 500 })).toBe(false);
    expect(ledger.take('a', 'n', { pods: 1, cpu: 500 })).toBe(false);
    expect(ledger.used('n')).toEqual({ pods: 1, cpu: 500 });
    expect(ledger.free('a')).toBe(true);
    expect(ledger.free('a')).toBe(false);
    expect(ledger.used('n')).toEqual({ pods: 0, cpu: 0 });
  });

  it('tells when a Pod moves or changes, for room may have come free', () => {
    const ledger = new Ledger();
    ledger.take('a', 'n', { pods: 1, cpu: 500 });
    expect(ledger.take('a', 'n', { pods: 1, cpu: 100 })).toBe(true);
    expect(ledger.take('a', 'm', { pods: 1, cpu: 100 })).toBe(true);
    expect(ledger.used('n')).toEqual({ pods: 0, cpu: 0 });
    expect(ledger.used('m')).toEqual({ pods: 1, cpu: 100 });
    expect(ledger.has('a')).toBe(true);
  });
});
