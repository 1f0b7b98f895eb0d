import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../../src/telemetry/fake-clock.ts';
import type { InstanceEvent, LogEntry, LogQuery } from '../contract/index.ts';
import { instanceToken } from '../contract/index.ts';
import type { MockCall } from './index.ts';
import { createProvider, FaultPlan, MockCloud, MockProvider, seededRandom } from './index.ts';
import { mockSpec, testScope } from './testing/specs.ts';

const never = new AbortController().signal;
const spec = mockSpec({ podUid: 'pod-1' });
const token = instanceToken(spec.owner);

let clock: FakeClock;
let faults: FaultPlan;
let cloud: MockCloud;
let provider: MockProvider;

beforeEach(() => {
  clock = new FakeClock();
  faults = new FaultPlan({ random: seededRandom(1) });
  cloud = new MockCloud({ clock, faults, random: seededRandom(1) });
  provider = new MockProvider({ cloud });
});

/** What became of a promise: its value, its error, or that it hangs. */
async function outcome(promise: Promise<unknown>): Promise<unknown> {
  const settled = promise.then(
    () => 'done',
    (error: { kind?: string }) => error.kind ?? error,
  );
  return Promise.race([settled, settle(5).then(() => 'hangs')]);
}

describe('faults of a call', () => {
  it.each([
    ['throttle', 'Throttled', 0],
    ['outOfStock', 'OutOfStock', 0],
    ['quota', 'QuotaExceeded', 0],
    ['auth', 'AuthFailed', 0],
    ['invalid', 'InvalidSpec', 0],
    ['lostBefore', 'Retryable', 0],
    ['lostAfter', 'Retryable', 1],
  ] as const)('%s rejects with %s and leaves %i instances', async (kind, error, instances) => {
    faults.next('create', { kind });
    expect(await outcome(provider.create(spec, token, never))).toBe(error);
    expect(cloud.size).toBe(instances);
    expect(await outcome(provider.create(spec, token, never))).toBe('done');
    expect(cloud.ledger.of('pod-1')).toMatchObject({ created: 1, maxLive: 1 });
  });

  it('carries the details', async () => {
    faults.next('create', { kind: 'throttle', retryAfterMs: 700 });
    faults.next('create', { kind: 'outOfStock', offer: 'spot' });
    await expect(provider.create(spec, token, never)).rejects.toMatchObject({ retryAfterMs: 700 });
    await expect(provider.create(spec, token, never)).rejects.toMatchObject({ offer: 'spot' });
  });

  it('late: the caller hears of a failure, the effect comes all the same', async () => {
    faults.next('create', { kind: 'late', ms: 3000 });
    expect(await outcome(provider.create(spec, token, never))).toBe('Retryable');
    await provider.close();
    expect(cloud.size).toBe(0);
    await clock.advance(3000);
    expect(cloud.size).toBe(1);
  });

  it('hang: no answer until the caller gives up', async () => {
    faults.next('create', { kind: 'hang' });
    const patience = new AbortController();
    const call = provider.create(spec, token, patience.signal);
    expect(await outcome(call)).toBe('hangs');
    patience.abort();
    expect(await outcome(call)).toBe('Retryable');
    expect(cloud.size).toBe(0);
  });

  it('slow: half before the effect, half after', async () => {
    faults.next('create', { kind: 'slow', ms: 1000 });
    const call = provider.create(spec, token, never);
    await clock.advance(499);
    expect(cloud.size).toBe(0);
    await clock.advance(1);
    expect(cloud.size).toBe(1);
    expect(await outcome(call)).toBe('hangs');
    await clock.advance(500);
    expect(await outcome(call)).toBe('done');
  });

  it('a list that fails half-way rejects whole', async () => {
    await provider.create(spec, token, never);
    faults.next('list', { kind: 'lostBefore' });
    await expect(provider.list(testScope, never)).rejects.toThrow('page 2 of 3 could not be read');
  });

  it('come by chance, and the same seed gives the same', async () => {
    const play = async (): Promise<unknown[]> => {
      const random = seededRandom(11);
      const rates = { calls: { create: { lostAfter: 0.3, throttle: 0.2 }, '*': { auth: 0.5 } }, events: {} };
      const seeded = new MockProvider({
        cloud: new MockCloud({ clock, faults: new FaultPlan({ random, rates }), random }),
      });
      const outcomes: unknown[] = [];
      for (let pod = 0; pod < 40; pod++) {
        outcomes.push(await outcome(seeded.create(mockSpec({ podUid: `${pod}` }), `${pod}`, never)));
        outcomes.push(await outcome(seeded.list(testScope, never)));
      }
      return outcomes;
    };
    const outcomes = await play();
    expect(outcomes).toEqual(await play());
    expect(new Set(outcomes)).toEqual(new Set(['done', 'Retryable', 'Throttled', 'AuthFailed']));
  });
});

function settledTo(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'done',
    (error: unknown) => error,
  );
}

describe('faults of events', () => {
  async function observed(): Promise<{ told: string[]; ended: Promise<unknown> }> {
    const told: string[] = [];
    const ended = settledTo(
      provider.observe(
        testScope,
        (event: InstanceEvent) =>
          told.push(
            event.type === 'changed' ? `${event.instance.ref.podUid} ${event.instance.phase}` : event.type,
          ),
        never,
      ),
    );
    return { told, ended };
  }
  it('drop and duplicate', async () => {
    const { told } = await observed();
    faults.nextEvent({ kind: 'drop' });
    faults.nextEvent({ kind: 'duplicate' });
    await provider.create(spec, token, never);
    await provider.create(mockSpec({ podUid: 'pod-2' }), 'b', never);
    await clock.advance(0);
    expect(told).toEqual(['pod-2 Running', 'pod-2 Running']);
  });

  it('late: everything behind waits too', async () => {
    const { told } = await observed();
    faults.nextEvent({ kind: 'late', ms: 500 });
    await provider.create(spec, token, never);
    await provider.create(mockSpec({ podUid: 'pod-2' }), 'b', never);
    await clock.advance(499);
    expect(told).toEqual([]);
    await clock.advance(1);
    expect(told).toEqual(['pod-1 Running', 'pod-2 Running']);
  });

  it('late by chance: each event waits once', async () => {
    const plan = new FaultPlan({ random: seededRandom(1), rates: { calls: {}, events: { late: 1 } } });
    cloud = new MockCloud({ clock, faults: plan, random: seededRandom(1) });
    provider = new MockProvider({ cloud });
    const { told } = await observed();
    await provider.create(spec, token, never);
    await provider.create(mockSpec({ podUid: 'pod-2' }), 'b', never);
    await clock.advance(0);
    expect(told).toEqual([]);
    await clock.advance(10_000);
    expect(told).toEqual(['pod-1 Running', 'pod-2 Running']);
  });

  it('break: the observer is told, and may begin anew', async () => {
    const { told, ended } = await observed();
    faults.nextEvent({ kind: 'break' });
    await provider.create(spec, token, never);
    expect(await ended).toMatchObject({ kind: 'Retryable', message: 'the event stream broke' });
    expect(told).toEqual([]);
    const again = await observed();
    cloud.streams.break();
    expect(await again.ended).toMatchObject({ kind: 'Retryable' });
    expect(cloud.streams.open).toBe(0);
  });

  it('an observer that cannot be opened rejects', async () => {
    faults.next('observe', { kind: 'auth' });
    const { ended } = await observed();
    expect(await ended).toMatchObject({ kind: 'AuthFailed' });
    expect(cloud.streams.open).toBe(0);
  });

  it('a listener that throws ends its own observation only', async () => {
    const { told } = await observed();
    const faulty = settledTo(
      provider.observe(
        testScope,
        () => {
          throw new Error('a bug');
        },
        never,
      ),
    );
    await provider.create(spec, token, never);
    expect(await faulty).toMatchObject({ message: 'a bug' });
    expect(told).toEqual(['pod-1 Running']);
  });
});

describe('the record of calls', () => {
  it('names kind, Pod, instance and token, in order', async () => {
    const { ref } = await provider.create(spec, token, never);
    await provider.stop(ref, { gracePeriodSeconds: 1 }, never);
    await provider.delete(ref, never);
    await provider.list(testScope, never);
    expect(cloud.front.calls).toEqual([
      { kind: 'create', number: 0, at: clock.now(), podUid: 'pod-1', token },
      { kind: 'stop', number: 1, at: clock.now(), podUid: 'pod-1', instance: ref.id },
      { kind: 'delete', number: 2, at: clock.now(), podUid: 'pod-1', instance: ref.id },
      { kind: 'list', number: 3, at: clock.now() },
    ]);
  });

  it.each([
    ['before', 0],
    ['after', 1],
  ] as const)('a daemon that dies %s create leaves %i instances', async (where, instances) => {
    const seen: string[] = [];
    cloud.front.onCall = (call: MockCall, point) => {
      seen.push(`${point} ${call.kind}`);
      if (point !== where) return undefined;
      void provider.close();
      return new Promise(() => undefined);
    };
    expect(await outcome(provider.create(spec, token, never))).toBe('Retryable');
    expect(cloud.size).toBe(instances);
    cloud.front.onCall = undefined;
    const next = new MockProvider({ cloud });
    expect(await next.list(testScope, never)).toHaveLength(instances);
    await next.create(spec, token, never);
    expect(cloud.ledger.of('pod-1')).toMatchObject({ created: 1, maxLive: 1 });
    expect(seen).toEqual(where === 'before' ? ['before create'] : ['before create', 'after create']);
  });

  it('a closed provider reaches nothing and hears nothing', async () => {
    const told: InstanceEvent[] = [];
    const observed = provider.observe(testScope, (event) => told.push(event), never);
    await provider.close();
    await observed;
    expect(await outcome(provider.create(spec, token, never))).toBe('Retryable');
    cloud.create(spec, token);
    await settle();
    expect(told).toEqual([]);
    expect(cloud.size).toBe(1);
  });
});

describe('logs', () => {
  async function read(query: Partial<LogQuery>): Promise<string[]> {
    const [instance] = cloud.instances('pod-1');
    if (instance === undefined) throw new Error('no instance');
    const found: string[] = [];
    const entries: AsyncIterable<LogEntry> = provider.logs(
      instance.ref,
      { container: 'main', previous: false, follow: false, ...query },
      never,
    );
    for await (const { data, stream } of entries) found.push(`${stream} ${Buffer.from(data)}`);
    return found;
  }

  const chatty = {
    logs: ['one', { stderr: 'two' }, 'three', 'after its end'],
    logEveryMs: 1000,
    exits: [{ code: 1, afterMs: 2500 }],
  };

  it('grow with time, follow to the end of the run, and stay readable as previous', async () => {
    cloud.create(mockSpec({ podUid: 'pod-1', script: { containers: { main: chatty } } }), token);
    expect(await read({})).toEqual(['stdout one']);
    const followed = read({ follow: true, tailLines: 0 });
    await clock.advance(2600);
    expect(await followed).toEqual(['stderr two', 'stdout three']);
    expect(await read({})).toEqual(['stdout one']);
    expect(await read({ previous: true })).toEqual(['stdout one', 'stderr two', 'stdout three']);
    expect(clock.pending).toBe(1);
  });

  it('end when the instance goes', async () => {
    cloud.create(mockSpec({ podUid: 'pod-1' }), token);
    const followed = read({ follow: true });
    await settle();
    cloud.vanish('pod-1', { silent: true });
    expect(await followed).toEqual(['stdout started']);
    expect(clock.pending).toBe(0);
  });

  it('are NotFound before the first run', async () => {
    cloud.create(mockSpec({ podUid: 'pod-1', script: { runningAfterMs: 1000 } }), token);
    await expect(read({})).rejects.toMatchObject({ kind: 'NotFound' });
  });
});

describe('stats', () => {
  it('grow with time and leave out what does not run', async () => {
    await provider.create(spec, token, never);
    await provider.create(mockSpec({ podUid: 'idle', script: { runningAfterMs: 1e6 } }), 'idle', never);
    await clock.advance(10_000);
    const [stats, ...others] = await provider.stats(testScope, never);
    expect(others).toEqual([]);
    expect(stats?.containers).toMatchObject([
      { name: 'main', cpuNanoSeconds: 0.01 * 10 * 1e9, memoryWorkingSetBytes: 16 * 2 ** 20 },
    ]);
  });
});

describe('createProvider', () => {
  it('reads its options', async () => {
    const made = createProvider({
      options: {
        seed: 5,
        script: { runningAfterMs: { min: 100, max: 200 }, containers: { '*': { logs: ['hello'] } } },
        latencies: { create: 5, '*': { median: 1, p99: 3 } },
        faults: { calls: { '*': { throttle: 0.01 } }, events: { drop: 0.01 } },
        capacity: { instances: 50, cpuMillis: 1000, memoryBytes: 1e9 },
      },
    });
    expect(await made.capacity(never)).toMatchObject({ instances: 50 });
  });

  it.each([
    [
      { latency: 5 },
      'provider.options.latency: there is no such option; correct it to one of seed, script, latencies, faults, capacity',
    ],
    [{ seed: 'x' }, 'provider.options.seed: expected a whole number of 0 or more, found "x"'],
    [
      { script: { runningAfterMs: '5s' } },
      'provider.options.script.runningAfterMs: expected milliseconds, {min, max}',
    ],
    [{ script: { runningAfterMs: { min: 9, max: 3 } } }, 'runningAfterMs.max: expected 9 or more, found 3'],
    [
      { script: { containers: { a: { exits: [{ code: 256 }] } } } },
      'containers.a.exits[0].code: expected a whole',
    ],
    [
      { script: { containers: { a: { onTerm: 'die' } } } },
      'containers.a.onTerm: expected ignore or {code, afterMs}, found "die"',
    ],
    [{ faults: { calls: { create: { boom: 1 } } } }, 'faults.calls.create.boom: there is no such option'],
    [
      { faults: { calls: { list: { auth: 0.7, hang: 0.7 } } } },
      'faults.calls.list: expected chances that add up to 1 at most, found 1.4',
    ],
    [{ capacity: { instances: 5 } }, 'provider.options.capacity.cpuMillis: is missing; give a number'],
    [
      { capacity: 5, seed: -1 },
      'provider.options.capacity: expected {instances, cpuMillis, memoryBytes}, found 5',
    ],
    [
      { offers: [{ id: 'a', market: 'on-demand', sizes: [] }, 5] },
      'provider.options.offers[1]: expected {id, ',
    ],
  ])('says what is wrong with %j', (options, message) => {
    expect(() => createProvider({ options })).toThrow(message);
  });

  it('refuses a Pod with a broken script, naming the annotation', async () => {
    const made = createProvider({ options: {} });
    const broken = { ...spec, annotations: { 'mock.burstlet.dev/script': '{oops' } };
    await expect(made.create(broken, token, never)).rejects.toMatchObject({
      kind: 'InvalidSpec',
      field: 'metadata.annotations[mock.burstlet.dev/script]',
    });
  });
});
