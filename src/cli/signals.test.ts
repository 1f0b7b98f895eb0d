import { afterEach, expect, test, vi } from 'vitest';
import { FakeClock } from '../telemetry/fake-clock.ts';
import { untilInterrupted } from './signals.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test('the first signal aborts, its echo changes nothing, the second ends the process', async () => {
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
  const before = process.listenerCount('SIGINT');
  const clock = new FakeClock();
  const told: string[] = [];
  const { signal, dispose } = untilInterrupted((name) => told.push(name), clock);
  process.emit('SIGINT', 'SIGINT');
  expect(signal.aborted).toBe(true);
  await clock.advance(499);
  process.emit('SIGINT', 'SIGINT');
  expect(exit).not.toHaveBeenCalled();
  await clock.advance(1);
  process.emit('SIGTERM', 'SIGTERM');
  expect(exit).toHaveBeenCalledExactlyOnceWith(143);
  expect(told).toEqual(['SIGINT']);
  dispose();
  expect(process.listenerCount('SIGINT')).toBe(before);
});
