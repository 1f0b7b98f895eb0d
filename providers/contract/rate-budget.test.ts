import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../src/telemetry/fake-clock.ts';
import { RateBudget } from './rate-budget.ts';

const never = new AbortController().signal;

describe('RateBudget', () => {
  it('lets a burst pass, then the rate, in order', async () => {
    const clock = new FakeClock();
    const budget = new RateBudget({ perSecond: 2, burst: 3, clock });
    const served: number[] = [];
    for (let call = 0; call < 6; call++) void budget.take(never).then(() => served.push(call));
    await clock.advance(0);
    expect(served).toEqual([0, 1, 2]);
    await clock.advance(499);
    expect(served).toEqual([0, 1, 2]);
    await clock.advance(1);
    expect(served).toEqual([0, 1, 2, 3]);
    await clock.advance(1000);
    expect(served).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('saves up no more than a burst', async () => {
    const clock = new FakeClock();
    const budget = new RateBudget({ perSecond: 1, burst: 1, clock });
    await clock.advance(60_000);
    await budget.take(never);
    let second = false;
    void budget.take(never).then(() => {
      second = true;
    });
    await clock.advance(999);
    expect(second).toBe(false);
    await clock.advance(1);
    expect(second).toBe(true);
  });

  it('gives back the turn of a caller that left', async () => {
    const clock = new FakeClock();
    const budget = new RateBudget({ perSecond: 1, burst: 1, clock });
    await budget.take(never);
    const leaver = new AbortController();
    const left = budget.take(leaver.signal).catch((error: unknown) => error);
    leaver.abort(new Error('no longer'));
    expect(await left).toMatchObject({ message: 'no longer' });
    let next = false;
    void budget.take(never).then(() => {
      next = true;
    });
    await clock.advance(1000);
    expect(next).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('serves what ends a cost first, and what only tells last', async () => {
    const clock = new FakeClock();
    const budget = new RateBudget({ perSecond: 1, burst: 1, clock });
    await budget.take(never);
    const served: string[] = [];
    for (const priority of ['log', 'status', 'create', 'delete', 'create'] as const)
      void budget.take(never, priority).then(() => served.push(priority));
    await clock.advance(5000);
    expect(served).toEqual(['delete', 'create', 'create', 'status', 'log']);
    expect(clock.pending).toBe(0);
  });
});
