import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../src/telemetry/fake-clock.ts';
import { ProviderError } from './errors.ts';
import type { Instance, InstancePhase } from './instance.ts';
import { Poller } from './polling.ts';
import type { InstanceEvent } from './provider.ts';

const scope = { clusterUid: 'c', node: 'n' };

function instance(id: string, phase: InstancePhase): Instance {
  const owner = { ...scope, namespace: 'default', name: id, podUid: `uid-${id}`, attempt: 0 };
  const createdAt = '2026-01-01T00:00:00.000Z';
  return { ref: { id, podUid: owner.podUid }, owner, phase, createdAt, ips: [], containers: [] };
}

let clock: FakeClock;
let start: number;
/** What the platform lists; each look may be scripted. */
let listed: Instance[];
let onLook: () => void | Promise<void>;
let looks: number[];
let events: InstanceEvent[];
let stop: AbortController;
let poller: Poller;

beforeEach(() => {
  clock = new FakeClock();
  start = clock.now();
  listed = [];
  onLook = () => undefined;
  looks = [];
  events = [];
  stop = new AbortController();
  poller = new Poller({
    clock,
    random: () => 1,
    async list() {
      looks.push(clock.now() - start);
      await onLook();
      return listed.map((one) => ({ ...one }));
    },
  });
});

function observe(): Promise<void> {
  return poller.observe(scope, (event) => events.push(event), stop.signal);
}

describe('Poller', () => {
  it('tells each change once, and the end after two absences', async () => {
    listed = [instance('a', 'Pending'), instance('b', 'Running')];
    const done = observe();
    await clock.advance(0);
    expect(events.map((event) => event.type)).toEqual(['changed', 'changed']);
    listed = [instance('a', 'Running'), instance('b', 'Running')];
    await clock.advance(1000);
    expect(events.slice(2)).toEqual([{ type: 'changed', instance: instance('a', 'Running') }]);
    listed = [instance('b', 'Running')];
    await clock.advance(1000);
    expect(events).toHaveLength(3);
    await clock.advance(1000);
    expect(events.slice(3)).toEqual([{ type: 'gone', ref: { id: 'a', podUid: 'uid-a' } }]);
    stop.abort();
    await done;
    expect(clock.pending).toBe(0);
  });

  it('forgives an instance that one listing left out', async () => {
    listed = [instance('a', 'Running')];
    void observe();
    await clock.advance(0);
    listed = [];
    await clock.advance(1000);
    listed = [instance('a', 'Running')];
    await clock.advance(60_000);
    expect(events).toHaveLength(1);
    stop.abort();
  });

  it('asks often while something moves, seldom when all is quiet', async () => {
    listed = [instance('a', 'Pending')];
    void observe();
    await clock.advance(4000);
    expect(looks).toEqual([0, 1000, 2000, 3000, 4000]);
    listed = [instance('a', 'Running')];
    await clock.advance(120_000);
    const gaps = looks.slice(1).map((at, index) => at - (looks[index] ?? 0));
    expect(Math.max(...gaps)).toBe(15_000);
    expect(gaps.slice(-3)).toEqual([15_000, 15_000, 15_000]);
    stop.abort();
  });

  it('looks soon when nudged, but keeps the shortest distance', async () => {
    listed = [instance('a', 'Running')];
    void observe();
    await clock.advance(200_000);
    const before = looks.length;
    poller.nudge();
    await clock.advance(0);
    poller.nudge();
    poller.nudge();
    await clock.advance(999);
    expect(looks.length).toBe(before + 1);
    await clock.advance(1);
    expect(looks.length).toBe(before + 2);
    // What was asked for may take a while to show: it goes on looking often.
    await clock.advance(4000);
    expect(looks.length).toBeGreaterThanOrEqual(before + 4);
    stop.abort();
  });

  it('does not lose a nudge that comes during a look', async () => {
    listed = [instance('a', 'Running')];
    void observe();
    await clock.advance(100_000);
    let answer = (): void => undefined;
    onLook = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const before = looks.length;
    while (looks.length === before) await clock.advance(100);
    poller.nudge();
    onLook = () => undefined;
    answer();
    await clock.advance(1000);
    expect(looks.length).toBe(before + 2);
    stop.abort();
  });

  it('spends at most a third of its time asking', async () => {
    listed = [instance('a', 'Pending')];
    onLook = () =>
      new Promise((resolve) => {
        clock.schedule(5000, () => resolve());
      });
    void observe();
    await clock.advance(40_000);
    expect(looks).toEqual([0, 15_000, 30_000]);
    stop.abort();
  });

  it('waits out a throttle, backs off from failures, and forgets them after a success', async () => {
    const script: (Error | undefined)[] = [
      new ProviderError('Throttled', 'slow down', { retryAfterMs: 20_000 }),
      new Error('reset'),
      undefined,
      new Error('reset'),
    ];
    onLook = () => {
      const error = script.shift();
      if (error !== undefined) throw error;
    };
    listed = [instance('a', 'Pending')];
    void observe();
    await clock.advance(19_000);
    poller.nudge();
    await clock.advance(30_000);
    expect(looks.slice(0, 5)).toEqual([0, 20_000, 24_000, 25_000, 27_000]);
    expect(events).toHaveLength(1);
    stop.abort();
  });

  it('gives up after five failures, and at once when repeating cannot help', async () => {
    onLook = () => {
      throw new Error('reset');
    };
    const tired = expect(observe()).rejects.toThrow('reset');
    await clock.advance(120_000);
    await tired;
    expect(looks).toHaveLength(5);
    onLook = () => {
      throw new ProviderError('AuthFailed', 'expired');
    };
    await expect(observe()).rejects.toThrow('expired');
    expect(clock.pending).toBe(0);
  });

  it('ends at once when told, in the middle of a look', async () => {
    let aborted = false;
    poller = new Poller({
      clock,
      list: (_scope, signal) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => {
            aborted = true;
            reject(signal.reason);
          }),
        ),
    });
    const done = observe();
    await clock.advance(0);
    stop.abort();
    await done;
    expect(aborted).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('gives a look up that takes too long', async () => {
    let reason: unknown;
    poller = new Poller({
      clock,
      random: () => 1,
      timeoutMs: 10_000,
      list: (_scope, signal) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => {
            reason = signal.reason;
            reject(signal.reason);
          }),
        ),
    });
    void observe();
    await clock.advance(10_000);
    expect(reason).toMatchObject({ kind: 'Retryable', message: 'no listing within 10000 ms' });
    stop.abort();
  });
});
