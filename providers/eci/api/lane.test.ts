import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../src/telemetry/fake-clock.ts';
import type { CallPriority } from '../../contract/index.ts';
import { ProviderError } from '../../contract/index.ts';
import { Lane } from './lane.ts';
import { sharedLanes } from './lanes.ts';

const never = new AbortController().signal;
const throttled = new ProviderError('Throttled', 'too many');
const isThrottled = (error: unknown): boolean => error === throttled;

function lane(perMinute: number, atOnce = 100): { clock: FakeClock; lane: Lane } {
  const clock = new FakeClock();
  return { clock, lane: new Lane({ perMinute, atOnce, clock }) };
}

describe('a lane', () => {
  it('begins no more calls in any minute than it may, and all of them in the end', async () => {
    const { clock, lane: road } = lane(3);
    const begun: number[] = [];
    const start = clock.now();
    for (let call = 0; call < 7; call++)
      void road.run('status', async () => begun.push(clock.now() - start), isThrottled, never);
    await clock.advance(30_000);
    void road.run('status', async () => begun.push(clock.now() - start), isThrottled, never);
    await clock.advance(150_000);
    expect(begun).toEqual([0, 0, 0, 60_000, 60_000, 60_000, 120_000, 120_000]);
    expect(clock.pending).toBe(0);
  });

  it('lets what ends a cost go first, and what only tells last', async () => {
    const { clock, lane: road } = lane(100, 1);
    const served: string[] = [];
    const run = (priority: CallPriority): void => {
      void road.run(
        priority,
        async () => {
          served.push(priority);
        },
        isThrottled,
        never,
      );
    };
    for (const priority of ['status', 'log', 'create', 'delete', 'create'] as const) run(priority);
    await clock.advance(0);
    expect(served).toEqual(['status', 'delete', 'create', 'create', 'log']);
  });

  it('pauses after a refusal, longer each time, and not at all once it was let through', async () => {
    const { clock, lane: road } = lane(100, 1);
    const start = clock.now();
    const begun: number[] = [];
    let isClosed = true;
    const call = (): Promise<unknown> =>
      road
        .run(
          'create',
          async () => {
            begun.push((clock.now() - start) / 1000);
            if (isClosed) throw throttled;
          },
          isThrottled,
          never,
        )
        .catch(() => undefined);
    for (let count = 0; count < 4; count++) void call();
    await clock.advance(35_000);
    expect(begun).toEqual([0, 5, 15, 35]);
    isClosed = false;
    void call();
    void call();
    await clock.advance(60_000);
    expect(begun.slice(4)).toEqual([75, 75]);
  });

  it('leaves no place to one who does not wait any more', async () => {
    const { clock, lane: road } = lane(1);
    const leave = new AbortController();
    await road.run('create', async () => undefined, isThrottled, never);
    const waiting = road.run('create', async () => undefined, isThrottled, leave.signal);
    leave.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    let served = false;
    void road.run('create', async () => (served = true), isThrottled, never);
    await clock.advance(60_000);
    expect(served).toBe(true);
  });
});

it('is one for all nodes that use an account', () => {
  const clock = new FakeClock();
  const shared = new Map<string, unknown>();
  const one = sharedLanes(shared, 'account', clock);
  expect(sharedLanes(shared, 'account', clock)).toBe(one);
  expect(sharedLanes(shared, 'another', clock)).not.toBe(one);
  expect(one.of('listUsage')).toBe(one.of('listUsage'));
});
