import { expect, test } from 'vitest';
import type { InstanceStats } from '../../../providers/contract/index.ts';
import { FakeClock, settle } from '../../telemetry/fake-clock.ts';
import { silentLog } from '../../telemetry/log.ts';
import { UsageSource } from './usage-source.ts';

function setUp(stats: ((signal: AbortSignal) => Promise<readonly InstanceStats[]>) | undefined) {
  const clock = new FakeClock();
  const calls = { count: 0 };
  const provider = {
    name: 'mock',
    ...(stats && {
      stats(_: unknown, signal: AbortSignal) {
        calls.count++;
        return stats(signal);
      },
    }),
  };
  const scope = { clusterUid: 'c', node: 'n' };
  const source = new UsageSource({ clock, log: silentLog, provider, scope, isKnown: () => true });
  return { clock, calls, source };
}

test('however many scrape, the provider is asked once in five seconds', async () => {
  const { clock, calls, source } = setUp(async () => []);
  await Promise.all(Array.from({ length: 50 }, () => source.latest()));
  await clock.advance(4_000);
  await source.latest();
  expect(calls.count).toBe(1);
  await clock.advance(1_000);
  await source.latest();
  expect(calls.count).toBe(2);
});

test('a provider that is silent is waited for eight seconds, and is cut off after thirty', async () => {
  let signal: AbortSignal | undefined;
  const { clock, calls, source } = setUp((given) => {
    signal = given;
    return new Promise(() => undefined);
  });
  const first = source.latest().catch(String);
  await clock.advance(8_000);
  expect(await first).toContain('does not answer');
  const second = source.latest().catch(String);
  await clock.advance(8_000);
  expect(await second).toContain('does not answer');
  expect([calls.count, signal?.aborted]).toEqual([1, false]);
  await clock.advance(14_000);
  expect(signal?.aborted).toBe(true);
});

test('while it fails the last measurement holds for a minute', async () => {
  let fails = false;
  const { clock, source } = setUp(async () => {
    if (fails) throw new Error('the engine is away');
    return [];
  });
  const { at } = await source.latest();
  fails = true;
  await clock.advance(60_000);
  expect((await source.latest()).at).toBe(at);
  await clock.advance(1);
  await expect(source.latest()).rejects.toThrow('the engine is away');
  fails = false;
  await clock.advance(5_000);
  expect((await source.latest()).at).toBe(clock.now());
});

test('a provider that measures nothing is told as such', async () => {
  await expect(setUp(undefined).source.latest()).rejects.toThrow('the provider mock does not measure usage');
});

test('closing ends the measurement', async () => {
  const { source } = setUp(() => new Promise(() => undefined));
  const asked = source.latest().catch(String);
  await settle();
  source.close();
  expect(await asked).toContain('the node API is closed');
});
