import { describe, expect, test } from 'vitest';
import { StatusError } from '../kube/errors.ts';
import { FakeClock, settle } from '../telemetry/fake-clock.ts';
import { silentLog } from '../telemetry/log.ts';
import { KeyedQueue } from './keyed-queue.ts';

function setUp(handler: (key: string) => Promise<void>, concurrency = 2) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const waits: number[] = [];
  const queue = new KeyedQueue(
    { clock, random: () => 1, log: silentLog },
    { concurrency, baseMs: 100, capMs: 1000, onTurn: (waitedMs) => waits.push(waitedMs) },
    handler,
  );
  const ended = queue.run(stop.signal);
  return { clock, queue, stop, ended, waits };
}

function gate() {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe('KeyedQueue', () => {
  test('one conflict is no matter for a warning, a second in a row is', async () => {
    const levels: string[] = [];
    const log = {
      ...silentLog,
      debug: () => void levels.push('debug'),
      warn: () => void levels.push('warn'),
    };
    const clock = new FakeClock();
    const stop = new AbortController();
    const queue = new KeyedQueue({ clock, random: () => 1, log }, { concurrency: 1 }, async () => {
      throw new StatusError({ code: 409, reason: 'Conflict', call: 'patch', message: 'changed' });
    });
    const ended = queue.run(stop.signal);
    queue.add('a');
    await clock.advance(300);
    expect(levels).toEqual(['debug', 'warn']);
    stop.abort();
    await ended;
  });

  test('many adds while a key runs make one more run, never two at the same time', async () => {
    const first = gate();
    let runs = 0;
    let now = 0;
    let most = 0;
    const { queue, stop, ended } = setUp(async () => {
      runs++;
      most = Math.max(most, ++now);
      await first.opened;
      now--;
    });
    for (let i = 0; i < 5; i++) queue.add('a');
    await settle();
    for (let i = 0; i < 5; i++) queue.add('a');
    first.open();
    await settle();
    expect({ runs, most }).toEqual({ runs: 2, most: 1 });
    stop.abort();
    await ended;
  });

  test('how long a key waited for its turn is told; what it was to sleep is no wait', async () => {
    const first = gate();
    const { clock, queue, stop, ended, waits } = setUp(() => first.opened, 1);
    queue.add('a');
    queue.add('b');
    await clock.advance(700);
    queue.add('b');
    queue.addAfter('c', 5_000);
    first.open();
    await clock.advance(10_000);
    expect(waits).toEqual([0, 700, 0]);
    stop.abort();
    await ended;
  });

  test('a failing key is repeated with growing waits and is never forgotten', async () => {
    const at: number[] = [];
    const { clock, queue, stop, ended } = setUp(async () => {
      at.push(clock.now());
      throw new Error('no');
    });
    const start = clock.now();
    queue.add('a');
    await clock.advance(10_000);
    expect(at.map((time) => time - start).slice(0, 6)).toEqual([0, 100, 300, 700, 1500, 2500]);
    expect(at.length).toBeGreaterThan(10);
    stop.abort();
    await ended;
  });

  test('fresh work passes retries', async () => {
    const order: string[] = [];
    const block = gate();
    const { clock, queue, stop, ended } = setUp(async (key) => {
      order.push(key);
      if (key === 'blocker') await block.opened;
      if (order.filter((other) => other === key).length === 1 && key === 'bad') throw new Error('no');
    }, 1);
    queue.add('bad');
    await settle();
    queue.add('blocker');
    await clock.advance(200);
    queue.add('fresh');
    block.open();
    await settle();
    expect(order).toEqual(['bad', 'blocker', 'fresh', 'bad']);
    stop.abort();
    await ended;
  });

  test('what is begun passes what is new', async () => {
    const order: string[] = [];
    const block = gate();
    const { queue, stop, ended } = setUp(async (key) => {
      order.push(key);
      if (key === 'blocker' && order.length === 1) await block.opened;
    }, 1);
    for (const key of ['blocker', 'new', 'newer', 'begun']) queue.add(key);
    queue.add('begun', 'ahead');
    queue.add('begun');
    queue.add('blocker');
    block.open();
    await settle();
    expect(order).toEqual(['blocker', 'begun', 'blocker', 'new', 'newer']);
    stop.abort();
    await ended;
  });

  test('addAfter keeps the earliest wish, add comes at once', async () => {
    let runs = 0;
    const { clock, queue, stop, ended } = setUp(async () => {
      runs++;
    });
    queue.addAfter('a', 500);
    queue.addAfter('a', 100);
    queue.addAfter('a', 900);
    await clock.advance(99);
    expect(runs).toBe(0);
    await clock.advance(1);
    expect(runs).toBe(1);
    await clock.advance(2000);
    expect(runs).toBe(1);
    queue.addAfter('a', 500);
    queue.add('a');
    await settle();
    expect(runs).toBe(2);
    stop.abort();
    await ended;
  });

  test('stopping waits for what runs and starts nothing more', async () => {
    const block = gate();
    const seen: string[] = [];
    const { queue, stop, ended } = setUp(async (key) => {
      seen.push(key);
      await block.opened;
    }, 1);
    queue.add('a');
    queue.add('b');
    await settle();
    stop.abort();
    let over = false;
    void ended.then(() => {
      over = true;
    });
    await settle();
    expect(over).toBe(false);
    block.open();
    await ended;
    expect(seen).toEqual(['a']);
  });
});
