import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../src/telemetry/fake-clock.ts';
import type { Instance, InstanceEvent } from '../contract/index.ts';
import { MockCloud, seededRandom } from './index.ts';
import type { MockSpecWishes } from './testing/specs.ts';
import { mockSpec, testScope } from './testing/specs.ts';

let clock: FakeClock;
let cloud: MockCloud;

beforeEach(() => {
  clock = new FakeClock();
  cloud = new MockCloud({ clock, random: seededRandom(7) });
});

function create(wishes: Partial<MockSpecWishes> = {}): Instance {
  const podUid = wishes.podUid ?? 'pod-1';
  return cloud.create(mockSpec({ ...wishes, podUid }), `token-${podUid}`);
}

function now(podUid = 'pod-1'): Instance {
  const [instance] = cloud.instances(podUid);
  if (instance === undefined) throw new Error(`${podUid} has no instance`);
  return instance;
}

/** `main:running`, `main:terminated:3`, ... */
function states(instance = now()): string[] {
  return instance.containers.map(({ name, state }) => {
    const detail =
      state.kind === 'terminated' ? `:${state.exitCode}` : state.kind === 'waiting' ? `:${state.reason}` : '';
    return `${name}:${state.kind}${detail}`;
  });
}

describe('an instance without a script', () => {
  it('runs at once, without a timer, and stops at once', async () => {
    expect(create()).toMatchObject({
      phase: 'Running',
      ips: [expect.stringMatching(/^10\./)],
      containers: [{ name: 'main', ready: true, started: true, restartCount: 0, image: 'example.com/app:1' }],
    });
    expect(clock.pending).toBe(0);
    cloud.stop(now().ref, 30);
    expect(now().phase).toBe('Stopped');
    expect(now().containers[0]?.state).toMatchObject({ exitCode: 143, signal: 15, reason: 'Error' });
    cloud.delete(now().ref);
    expect(cloud.size).toBe(0);
    expect(cloud.list(testScope)).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('hands out the same snapshot until something changes', () => {
    create();
    const before = now();
    expect(now()).toBe(before);
    cloud.setReady('pod-1', 'main', false);
    expect(now().containers[0]?.ready).toBe(false);
    expect(before.containers[0]?.ready).toBe(true);
  });
});

describe('a scripted instance', () => {
  it('takes its time to run and to be ready', async () => {
    create({ script: { runningAfterMs: 2000, containers: { main: { readyAfterMs: 500 } } } });
    expect(now()).toMatchObject({ phase: 'Pending', ips: [], waiting: { reason: 'Starting' } });
    expect(states()).toEqual(['main:waiting:ContainerCreating']);
    await clock.advance(2000);
    expect(now()).toMatchObject({ phase: 'Running', containers: [{ started: true, ready: false }] });
    await clock.advance(500);
    expect(now().containers[0]?.ready).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('is never ready when the script says so', async () => {
    create({ script: { containers: { '*': { readyAfterMs: -1 } } } });
    await clock.advance(3_600_000);
    expect(now().containers[0]).toMatchObject({ started: true, ready: false });
  });

  it('restarts what fails, first at once, then with the back-off of the kubelet', async () => {
    create({ script: { containers: { main: { exits: [{ code: 1, afterMs: 1000 }] } } } });
    const restarts: number[] = [];
    const begun = clock.now();
    cloud.watch(now().ref.id, () => {
      const { restartCount, state } = now().containers[0] ?? {};
      if (state?.kind === 'running') restarts[restartCount ?? 0] ??= (clock.now() - begun) / 1000;
    });
    await clock.advance(1500);
    expect(now().containers[0]).toMatchObject({ restartCount: 1, lastState: { exitCode: 1 } });
    await clock.advance(1000);
    expect(states()).toEqual(['main:waiting:CrashLoopBackOff']);
    expect(now().phase).toBe('Running');
    await clock.advance(1_200_000);
    expect(restarts.slice(1, 9)).toEqual([1, 12, 33, 74, 155, 316, 617, 918]);
  });

  it('goes from one outcome to the next', async () => {
    create({
      restartPolicy: 'OnFailure',
      script: {
        containers: {
          main: {
            exits: [
              { code: 2, afterMs: 100 },
              { code: 0, afterMs: 100 },
            ],
          },
        },
      },
    });
    await clock.advance(200);
    expect(now()).toMatchObject({
      phase: 'Stopped',
      containers: [{ restartCount: 1, lastState: { exitCode: 2 } }],
    });
    expect(states()).toEqual(['main:terminated:0']);
    expect(now().stopCause).toBeUndefined();
  });

  it('runs init containers in order, beside their sidecars, which end with the last container', async () => {
    create({
      sidecars: ['proxy'],
      initContainers: ['fetch', 'unpack'],
      restartPolicy: 'Never',
      script: {
        containers: {
          fetch: { exits: [{ code: 0, afterMs: 1000 }] },
          main: { exits: [{ code: 0, afterMs: 5000 }] },
        },
      },
    });
    expect(states()).toEqual([
      'proxy:running',
      'fetch:running',
      'unpack:waiting:PodInitializing',
      'main:waiting:PodInitializing',
    ]);
    await clock.advance(1000);
    expect(states()).toEqual(['proxy:running', 'fetch:terminated:0', 'unpack:terminated:0', 'main:running']);
    await clock.advance(5000);
    expect(states()[0]).toBe('proxy:terminated:143');
    expect(now().phase).toBe('Stopped');
  });

  it('stops when an init container fails for good', async () => {
    create({
      initContainers: ['fetch'],
      restartPolicy: 'Never',
      script: { containers: { fetch: { exits: [{ code: 9 }] } } },
    });
    expect(now().phase).toBe('Stopped');
    expect(states()).toEqual(['fetch:terminated:9', 'main:waiting:PodInitializing']);
  });

  it('repeats an init container when the policy allows', async () => {
    create({
      initContainers: ['fetch'],
      script: { containers: { fetch: { exits: [{ code: 9 }, { code: 0 }] } } },
    });
    expect(states()).toEqual(['fetch:terminated:0', 'main:running']);
    expect(now().containers[0]?.restartCount).toBe(1);
  });

  it('is taken back by the platform', async () => {
    const cause = { kind: 'Interrupted', reason: 'SpotReclaimed', message: 'two minutes are over' };
    create({ script: { stopCause: { afterMs: 60_000, ...cause } } });
    await clock.advance(60_000);
    expect(now()).toMatchObject({ phase: 'Stopped', stopCause: cause });
    expect(now().stopCause).toEqual(cause);
  });

  it('heeds SIGTERM in its own time, within the grace period', async () => {
    create({ script: { containers: { main: { onTerm: { code: 0, afterMs: 4000 } } } } });
    cloud.stop(now().ref, 30);
    await clock.advance(3999);
    expect(now().phase).toBe('Stopping');
    await clock.advance(1);
    expect(states()).toEqual(['main:terminated:0']);
    expect(clock.pending).toBe(0);
  });

  it('ends as it would have, when that comes before its answer to SIGTERM', async () => {
    const main = { exits: [{ code: 3, afterMs: 1000 }], onTerm: { code: 0, afterMs: 4000 } };
    create({ restartPolicy: 'Never', script: { containers: { main } } });
    cloud.stop(now().ref, 30);
    await clock.advance(1000);
    expect(states()).toEqual(['main:terminated:3']);
  });

  it('is killed at the end of the grace period, which only shrinks', async () => {
    create({ script: { containers: { main: { onTerm: 'ignore' } } } });
    cloud.stop(now().ref, 30);
    await clock.advance(5000);
    cloud.stop(now().ref, 10);
    cloud.stop(now().ref, 60);
    await clock.advance(9999);
    expect(now().phase).toBe('Stopping');
    await clock.advance(1);
    expect(states()).toEqual(['main:terminated:137']);
    expect(now().containers[0]?.state).toMatchObject({ signal: 9 });
  });

  it('does not start once it was stopped', async () => {
    create({ script: { runningAfterMs: 1000 } });
    cloud.stop(now().ref, 30);
    expect(now().phase).toBe('Stopped');
    await clock.advance(10_000);
    expect(states()).toEqual(['main:waiting:ContainerCreating']);
  });

  it('ends a container in back-off with its last exit code', async () => {
    create({ script: { containers: { main: { exits: [{ code: 4 }] } } } });
    expect(states()).toEqual(['main:waiting:CrashLoopBackOff']);
    cloud.stop(now().ref, 30);
    expect(states()).toEqual(['main:terminated:4']);
    expect(now().phase).toBe('Stopped');
  });

  it('takes its latency from a distribution that the seed determines', async () => {
    const draw = (): string[] => {
      const seeded = new MockCloud({ clock: new FakeClock(), random: seededRandom(3) });
      const script = { runningAfterMs: { median: 1000, p99: 9000 } };
      return [1, 2, 3].map((pod) => {
        const spec = mockSpec({ podUid: `pod-${pod}`, script });
        const { id } = seeded.create(spec, `${pod}`).ref;
        return `${id} after ${seeded.inspect({ id, podUid: '' }).dueAt()}`;
      });
    };
    expect(draw()).toEqual(draw());
    expect(new Set(draw().map((line) => line.split(' after ')[1])).size).toBe(3);
  });
});

describe('the cloud', () => {
  it('gives one instance per token, until that is deleted', () => {
    const first = create();
    expect(create()).toBe(first);
    expect(cloud.size).toBe(1);
    cloud.delete(first.ref);
    expect(create().ref.id).not.toBe(first.ref.id);
  });

  it('keeps books: doublings, lives, deletes of nothing', async () => {
    cloud.create(mockSpec({ podUid: 'twin' }), 'a');
    await clock.advance(1000);
    const second = cloud.create(mockSpec({ podUid: 'twin' }), 'b');
    await clock.advance(1000);
    cloud.stop(second.ref, 1);
    cloud.delete(second.ref);
    cloud.delete(second.ref);
    await clock.advance(1000);
    expect(cloud.ledger.of('twin')).toEqual({
      podUid: 'twin',
      created: 2,
      live: 1,
      maxLive: 2,
      liveMs: 4000,
    });
    expect(cloud.ledger).toMatchObject({
      maxLivePerPod: 2,
      live: 1,
      maxLive: 2,
      created: 2,
      unknownDeletes: 1,
    });
    expect(cloud.ledger.doublings).toMatchObject([
      { podUid: 'twin', instances: [expect.any(String), second.ref.id] },
    ]);
    expect(cloud.ledger.of('nobody')).toMatchObject({ created: 0, maxLive: 0 });
  });

  it('counts a stopped instance as not live', () => {
    const { ref } = create();
    cloud.stop(ref, 1);
    cloud.create(mockSpec({ podUid: 'pod-1' }), 'next attempt');
    expect(cloud.ledger.maxLivePerPod).toBe(1);
    expect(cloud.ledger.doublings).toEqual([]);
  });

  it('forgets what is over when it keeps no history', async () => {
    const lean = new MockCloud({ clock, history: false });
    for (let pod = 0; pod < 10; pod++) {
      const { ref } = lean.create(mockSpec({ podUid: `pod-${pod}` }), `${pod}`);
      lean.delete(ref);
    }
    expect(lean.ledger.entries()).toEqual([]);
    expect(lean.ledger.created).toBe(10);
  });

  it('has an end', () => {
    const small = new MockCloud({
      clock,
      capacity: { instances: 1, resources: { cpuMillis: 1, memoryBytes: 1 } },
    });
    small.create(mockSpec({ podUid: 'a' }), 'a');
    expect(() => small.create(mockSpec({ podUid: 'b' }), 'b')).toThrow('no more than 1 instances');
  });

  it('tells of changes in order and of the end, and of nothing that vanishes in silence', async () => {
    const events: InstanceEvent[] = [];
    const leave = new AbortController();
    const observed = cloud.observe(testScope, (event) => events.push(event), leave.signal);
    create({ script: { runningAfterMs: 100 } });
    create({ podUid: 'pod-2' });
    expect(events).toEqual([]);
    await clock.advance(100);
    cloud.vanish('pod-2', { silent: true });
    cloud.exit('pod-1', 'main', 1);
    cloud.vanish('pod-1', { silent: false });
    await clock.advance(0);
    const told = events.map((event) =>
      event.type === 'changed'
        ? `${event.instance.ref.podUid} ${event.instance.phase}`
        : `${event.ref.podUid} ${event.type}`,
    );
    expect(told).toEqual(['pod-1 Pending', 'pod-2 Running', 'pod-1 Running', 'pod-1 Running', 'pod-1 gone']);
    leave.abort();
    await observed;
    create({ podUid: 'pod-3' });
    await clock.advance(0);
    expect(events).toHaveLength(5);
    expect(cloud.streams.open).toBe(0);
  });

  it('waits longer than a timer can', async () => {
    create({ script: { runningAfterMs: 2 ** 32 } });
    await clock.advance(2 ** 32 - 1);
    expect(now().phase).toBe('Pending');
    await clock.advance(1);
    expect(now().phase).toBe('Running');
  });

  it('holds thousands without a timer each, listed per node', () => {
    for (let pod = 0; pod < 3000; pod++) create({ podUid: `pod-${pod}` });
    cloud.create(
      { ...mockSpec({ podUid: 'x' }), owner: { ...mockSpec({ podUid: 'x' }).owner, node: 'other' } },
      'x',
    );
    expect(cloud.list(testScope)).toHaveLength(3000);
    expect(cloud.list({ ...testScope, node: 'other' })).toHaveLength(1);
    expect(new Set(cloud.list(testScope).map(({ ips }) => ips[0])).size).toBe(3000);
    expect(clock.pending).toBe(0);
  });
});
