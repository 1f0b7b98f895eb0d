import { expect, test } from 'vitest';
import { FakeClock, settle } from '../../telemetry/fake-clock.ts';
import { createPulse } from './pulse.ts';

const { signal } = new AbortController();

test('a shower of beats is one wake-up, a moment after the first', async () => {
  const clock = new FakeClock();
  const pulse = createPulse(clock, 100);
  let woken = 0;
  void pulse.next(10_000, signal).then(() => woken++);
  pulse.beat();
  await clock.advance(50);
  pulse.beat();
  expect(woken).toBe(0);
  await clock.advance(50);
  expect(woken).toBe(1);
  void pulse.next(10_000, signal).then(() => woken++);
  await clock.advance(9_999);
  expect(woken).toBe(1);
  await clock.advance(1);
  expect(woken).toBe(2);
});

test('a beat before the call is not lost', async () => {
  const clock = new FakeClock();
  const pulse = createPulse(clock, 100);
  pulse.beat();
  let woken = false;
  void pulse.next(10_000, signal).then(() => (woken = true));
  await clock.advance(100);
  expect(woken).toBe(true);
});

test('the signal ends the wait and leaves no timer', async () => {
  const clock = new FakeClock();
  const controller = new AbortController();
  const waiting = createPulse(clock, 100).next(10_000, controller.signal);
  controller.abort();
  await waiting;
  await settle();
  expect(clock.pending).toBe(0);
});
