import { describe, expect, it } from 'vitest';
import { FakeClock } from '../telemetry/fake-clock.ts';
import { bounded } from './bounded.ts';

const never = new AbortController().signal;

describe('bounded', () => {
  it('passes results and errors on and leaves no timer', async () => {
    const clock = new FakeClock();
    expect(await bounded(clock, 1000, never, async () => 1)).toBe(1);
    const failing = bounded(clock, 1000, never, async () => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(clock.pending).toBe(0);
  });

  it('aborts the call at the limit and rejects as Retryable', async () => {
    const clock = new FakeClock();
    const call = bounded(clock, 2000, never, (signal) => untilAborted(signal));
    const settled = expect(call).rejects.toMatchObject({
      kind: 'Retryable',
      message: 'no answer within 2 s',
    });
    await clock.advance(2000);
    await settled;
  });

  it('takes an answer that comes after the call was called off', async () => {
    const clock = new FakeClock();
    const caller = new AbortController();
    const call = bounded(clock, 2000, caller.signal, (signal) => untilAborted(signal).catch(() => 'started'));
    caller.abort();
    expect(await call).toBe('started');
  });

  it('does not wait for ever for a call that ignores its signal', async () => {
    const clock = new FakeClock();
    const call = bounded(clock, 2000, never, () => new Promise(() => {}));
    const settled = expect(call).rejects.toThrow('no answer within 2 s');
    await clock.advance(7000);
    await settled;
    expect(clock.pending).toBe(0);
  });

  it('makes no call when it was called off before', async () => {
    let made = false;
    const call = bounded(new FakeClock(), 1000, AbortSignal.abort(new Error('off')), async () => {
      made = true;
    });
    await expect(call).rejects.toThrow('off');
    expect(made).toBe(false);
  });
});

function untilAborted(signal: AbortSignal): Promise<string> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
