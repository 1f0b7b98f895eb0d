import { describe, expect, it } from 'vitest';
import { Ledger } from './ledger.ts';

describe('the ledger', () => {
  it('keeps the nodes apart', () => {
    const ledger = new Ledger();
    const used = ledger.used('n');
    ledger.take('a', 'n', { pods: 1, cpu: 500 });
    ledger.take('b', 'other', { pods: 1 });
    expect(used).toEqual({ pods: 1, cpu: 500 });
    expect(ledger.free('a')).toBe(true);
    expect(ledger.free('a')).toBe(false);
    expect(used).toEqual({ pods: 0, cpu: 0 });
    expect(ledger.used('other')).toEqual({ pods: 1 });
  });

  it('tells when a Pod moves or changes, for room may have come free', () => {
    const ledger = new Ledger();
    expect(ledger.take('a', 'n', { pods: 1, cpu: 500 })).toBe(false);
    expect(ledger.take('a', 'n', { pods: 1, cpu: 500 })).toBe(false);
    expect(ledger.take('a', 'n', { pods: 1, cpu: 100 })).toBe(true);
    expect(ledger.take('a', 'm', { pods: 1, cpu: 100 })).toBe(true);
    expect(ledger.used('n')).toEqual({ pods: 0, cpu: 0 });
    expect(ledger.used('m')).toEqual({ pods: 1, cpu: 100 });
    expect(ledger.has('a')).toBe(true);
  });
});
