import { expect, it } from 'vitest';
import { FakeClock } from '../../../telemetry/fake-clock.ts';
import { silentLog } from '../../../telemetry/log.ts';
import { WorkQueue } from './work-queue.ts';

function start(sync: (key: string, run: number) => number | undefined) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const runs: { readonly key: string; readonly at: number }[] = [];
  const began = clock.now();
  const queue = new WorkQueue({
    clock,
    random: () => 1,
    log: silentLog,
    signal: stop.signal,
    name: 'test',
    sync: (key) => {
      runs.push({ key, at: clock.now() - began });
      return sync(key, runs.length);
    },
  });
  return { clock, stop, queue, runs, times: () => runs.map(({ at }) => at) };
}

it('runs a key once however often it was added, and never inside add', async () => {
  const { clock, queue, runs } = start(() => undefined);
  for (let i = 0; i < 5; i++) queue.add('a');
  queue.add('b');
  expect(runs).toEqual([]);
  await clock.advance(0);
  expect(runs.map(({ key }) => key)).toEqual(['a', 'b']);
});

it('keeps the earlier of two times', async () => {
  const { clock, queue, times } = start(() => undefined);
  queue.add('a', 1000);
  queue.add('a', 5000);
  queue.add('b', 3000);
  queue.add('b', 500);
  await clock.advance(10_000);
  expect(times()).toEqual([500, 1000]);
});

it('looks again when a sync asks for it, and an event in between does not wait for that', async () => {
  const { clock, queue, times } = start((_key, run) => (run === 1 ? 1000 : undefined));
  queue.add('a');
  await clock.advance(400);
  queue.add('a');
  await clock.advance(10_000);
  expect(times()).toEqual([0, 400]);
});

it('retries a failed key with growing waits, and forgets them after a success', async () => {
  const { clock, queue, times } = start((_key, run) => {
    if (run <= 4 || run === 6) throw new Error('no');
    return undefined;
  });
  queue.add('a');
  await clock.advance(5000);
  expect(times()).toEqual([0, 10, 30, 70, 150]);
  queue.add('a');
  await clock.advance(5000);
  expect(times().slice(5)).toEqual([5000, 5010]);
});

it('goes on with the other keys when one fails, and lets go of everything when stopped', async () => {
  const { clock, queue, runs, stop } = start((key) => {
    if (key === 'bad') throw new Error('no');
    return 1000;
  });
  queue.add('bad');
  queue.add('good');
  await clock.advance(1);
  expect(runs.map(({ key }) => key)).toEqual(['bad', 'good']);
  stop.abort();
  queue.add('late');
  await clock.advance(60_000);
  expect(runs).toHaveLength(2);
  expect(clock.pending).toBe(0);
});

it('gives way to other work between batches', async () => {
  const { clock, queue, runs } = start(() => undefined);
  for (let i = 0; i < 250; i++) queue.add(`key-${i}`);
  let seen = 0;
  clock.schedule(0, () => {
    seen = runs.length;
  });
  await clock.advance(0);
  expect(seen).toBe(100);
  expect(runs).toHaveLength(250);
});
