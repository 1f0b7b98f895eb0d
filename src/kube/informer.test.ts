import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../telemetry/fake-clock.ts';
import { silentLog } from '../telemetry/log.ts';
import type { KubeClient } from './client.ts';
import { createInformer, type Informer, type InformerDeps } from './informer.ts';
import { pods } from './resources.ts';
import { createKubeClient } from './rest-client.ts';
import { anonymous } from './testing/anonymous.ts';
import { FakeApiServer, type Fault, type SeenRequest } from './testing/fake-api-server.ts';
import { until } from './testing/loopback.ts';
import type { Pod } from './types.ts';

interface Rig {
  readonly api: FakeApiServer;
  readonly client: KubeClient;
  readonly clock: FakeClock;
  readonly informer: Informer<Pod>;
  /** `added web-0/uid-0` */
  readonly told: string[];
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

const rigs: Rig[] = [];
afterEach(async () => {
  await Promise.all(rigs.splice(0).map(tearDown));
});

async function setUp(
  prepare: (api: FakeApiServer) => void,
  deps: Partial<InformerDeps<Pod>> = {},
): Promise<Rig> {
  const api = await FakeApiServer.start();
  prepare(api);
  const clock = new FakeClock();
  const random = (): number => 0.5;
  const client = createKubeClient({
    server: api.url,
    credentials: anonymous(),
    clock,
    log: silentLog,
    random,
  });
  const selection = { namespace: 'default' };
  const informer = createInformer({
    client,
    resource: pods,
    selection,
    clock,
    random,
    log: silentLog,
    ...deps,
  });
  const told: string[] = [];
  informer.onEvent(({ type, object }) =>
    told.push(`${type} ${object.metadata?.name}/${object.metadata?.uid}`),
  );
  const stop = new AbortController();
  const rig = { api, client, clock, informer, told, stop, ended: informer.run(stop.signal) };
  rigs.push(rig);
  return rig;
}

async function tearDown({ stop, ended, client, api }: Rig): Promise<void> {
  stop.abort();
  await ended;
  await client.close();
  await api.down();
}

function known({ informer }: Rig): Map<string, string> {
  return new Map(
    informer.cache.list().map(({ metadata }) => [metadata?.uid ?? '', metadata?.resourceVersion ?? '']),
  );
}

function equal(rig: Rig): boolean {
  const [mine, theirs] = [known(rig), rig.api.state()];
  return mine.size === theirs.size && [...theirs].every(([uid, version]) => mine.get(uid) === version);
}

/** Moves the clock on, little by little, until the condition holds. */
async function eventually(rig: Rig, condition: () => boolean, stepMs = 50): Promise<void> {
  for (let step = 0; step < 20_000; step++) {
    if (condition()) return;
    await rig.clock.advance(stepMs);
  }
  throw new Error(`it never came about: ${condition}`);
}

function count(api: FakeApiServer, kind: SeenRequest['kind']): number {
  return api.requests.filter((request) => request.kind === kind).length;
}

/** A fault for the nth request (from 0) of a kind. */
function once(kind: SeenRequest['kind'], nth: number, fault: Fault): FakeApiServer['fault'] {
  let seen = 0;
  return (request) => (request.kind === kind && seen++ === nth ? fault : undefined);
}

describe('in good times', () => {
  it('lists in pages, then follows; without managedFields, with kind and apiVersion', async () => {
    const rig = await setUp((api) => {
      for (let n = 0; n < 1_201; n++) api.write(`p${n}`);
    });
    await rig.informer.synced;
    expect(rig.informer.hasSynced).toBe(true);
    expect(count(rig.api, 'list')).toBe(3);
    expect(rig.informer.cache.size).toBe(1_201);
    rig.told.length = 0;
    rig.api.write('p7');
    rig.api.write('new');
    rig.api.remove('p7');
    await until(() => rig.told.length === 3);
    expect(rig.told).toEqual(['updated p7/uid-7', 'added new/uid-1201', 'deleted p7/uid-7']);
    for (const object of rig.informer.cache.list())
      expect(object).toMatchObject({ kind: 'Pod', apiVersion: 'v1', metadata: { uid: expect.any(String) } });
    expect(JSON.stringify(rig.informer.cache.list())).not.toContain('managedFields');
    expect(count(rig.api, 'watch')).toBe(1);
  });

  it('keeps what the transform leaves, and indexes it', async () => {
    const rig = await setUp((api) => api.write('a'), {
      transform: (pod) => ({ ...pod, spec: { containers: [], nodeName: 'n1' } }),
      indexers: { node: (pod) => [pod.spec?.nodeName ?? ''] },
    });
    await rig.informer.synced;
    rig.api.write('b');
    await until(() => rig.informer.cache.size === 2);
    expect(rig.informer.cache.byIndex('node', 'n1')).toHaveLength(2);
  });

  it('survives listeners that throw, and stops telling those that left', async () => {
    const rig = await setUp((api) => api.write('a'));
    rig.informer.onEvent(() => {
      throw new Error('listener');
    });
    const late: string[] = [];
    const leave = rig.informer.onEvent(({ type }) => late.push(type));
    await rig.informer.synced;
    leave();
    rig.api.write('b');
    await until(() => rig.told.length === 2);
    expect(late).toEqual(['added']);
  });

  it('ends soon after the signal, in every state, and leaves no timer', async () => {
    const watching = await setUp(() => undefined);
    await watching.informer.synced;
    await until(() => watching.api.watchers === 1);
    watching.stop.abort();
    await watching.ended;
    expect(watching.clock.pending).toBe(0);

    const backingOff = await setUp((api) => {
      api.fault = () => ({ kind: 'status', code: 403, reason: 'Forbidden' });
    });
    await until(() => backingOff.api.requests.length === 1 && backingOff.clock.pending === 1);
    backingOff.stop.abort();
    await backingOff.ended;
    expect(backingOff.clock.pending).toBe(0);
    await expect(backingOff.informer.synced).rejects.toThrow('stopped before the first list of pods');
  });
});

describe('when the watch ends', () => {
  it('resumes from the last version, without a list, and at once the first time', async () => {
    const rig = await setUp((api) => api.write('a'));
    await until(() => rig.api.watchers === 1);
    await rig.clock.advance(2_000);
    rig.api.write('b');
    await until(() => rig.told.length === 2);
    rig.api.endWatches();
    await until(() => count(rig.api, 'watch') === 2);
    expect(rig.api.requests.at(-1)?.query.get('resourceVersion')).toBe(String(rig.api.version));
    expect(count(rig.api, 'list')).toBe(1);
  });

  it('does not spin when the server ends every watch at once', async () => {
    const rig = await setUp((api) => {
      api.fault = ({ kind }) => (kind === 'watch' ? { kind: 'truncate', afterBytes: 0 } : undefined);
    });
    await rig.informer.synced;
    rig.api.write('a');
    for (let second = 0; second < 60; second++) {
      rig.api.write('a');
      await rig.clock.advance(1_000);
    }
    expect(count(rig.api, 'watch')).toBeLessThan(15);
    expect(count(rig.api, 'watch')).toBeGreaterThan(5);
  });

  it.each<[string, (api: FakeApiServer) => void, (api: FakeApiServer) => void]>([
    ['cut after an event', (api) => api.write('a'), (api) => api.cutAll()],
    ['ended after an event', (api) => api.write('a'), (api) => api.endWatches()],
    [
      'ended after a bookmark',
      (api) => {
        api.restoreAt(api.version + 1);
        api.bookmark();
      },
      (api) => api.endWatches(),
    ],
  ])('is back soon, however often each watch is %s', async (_name, bring, end) => {
    const rig = await setUp((api) => api.write('a'));
    await until(() => rig.api.watchers === 1);
    for (let watch = 2; watch < 20; watch++) {
      bring(rig.api);
      await until(() => equal(rig));
      end(rig.api);
      await rig.clock.advance(200);
      await until(() => count(rig.api, 'watch') === watch && rig.api.watchers === 1);
      expect(rig.api.requests.at(-1)?.query.get('resourceVersion')).toBe(String(rig.api.version));
    }
  });

  it('does not spin when every watch ends after one event, and there are ever more', async () => {
    const rig = await setUp((api) => {
      const event = { type: 'MODIFIED', object: api.write('a') };
      const afterBytes = JSON.stringify(event).length + 1;
      api.fault = ({ kind }) => (kind === 'watch' ? { kind: 'truncate', afterBytes } : undefined);
    });
    await until(() => rig.api.watchers === 1);
    for (let n = 0; n < 300; n++) rig.api.write('a');
    for (let step = 0; step < 100; step++) await rig.clock.advance(100);
    expect(rig.told.length).toBeGreaterThan(40);
    expect(count(rig.api, 'watch')).toBeLessThan(80);
  });

  it('forgets old failures once a watch has stood', async () => {
    let down = true;
    const rig = await setUp((api) => {
      api.fault = ({ kind }) => (kind === 'watch' && down ? { kind: 'refuse' } : undefined);
    });
    await rig.clock.advance(300_000);
    down = false;
    await eventually(rig, () => rig.api.watchers === 1, 1_000);
    await rig.clock.advance(2_000);
    const before = count(rig.api, 'watch');
    rig.api.cutAll();
    await until(() => rig.api.watchers === 0);
    await rig.clock.advance(100);
    await until(() => count(rig.api, 'watch') === before + 1);
  });

  it('moves on with bookmarks', async () => {
    const rig = await setUp((api) => api.write('a'));
    await until(() => rig.api.watchers === 1);
    rig.api.restoreAt(5_000);
    rig.api.bookmark();
    await settle(10);
    rig.api.cutAll();
    await eventually(rig, () => count(rig.api, 'watch') === 2);
    expect(rig.api.requests.at(-1)?.query.get('resourceVersion')).toBe('5000');
  });

  it.each([
    ['an event that is cut in the middle', { kind: 'cut', afterBytes: 100 }],
    ['an orderly end in the middle of an event', { kind: 'truncate', afterBytes: 100 }],
  ] satisfies [string, Fault][])('resumes after %s, and takes no half event', async (_name, fault) => {
    const rig = await setUp((api) => {
      api.fault = once('watch', 0, fault);
    });
    await until(() => rig.api.watchers === 1);
    rig.api.write('a');
    await eventually(rig, () => equal(rig));
    expect(rig.told).toEqual(['added a/uid-0']);
    expect(count(rig.api, 'list')).toBe(1);
    expect(count(rig.api, 'watch')).toBe(2);
  });

  it('takes a silent connection for dead after a while, and not before', async () => {
    const rig = await setUp((api) => {
      api.fault = once('watch', 0, { kind: 'stall', afterBytes: 0 });
    });
    await until(() => rig.api.watchers === 1);
    rig.api.write('a');
    await rig.clock.advance(80_000);
    expect(count(rig.api, 'watch')).toBe(1);
    await rig.clock.advance(11_000);
    await eventually(rig, () => equal(rig));
    expect(count(rig.api, 'watch')).toBe(2);
  });

  it('takes each event once and in order, though they come twice and late', async () => {
    const rig = await setUp((api) => {
      api.fault = () => ({ kind: 'repeat' });
      api.write('web');
    });
    await until(() => rig.api.watchers === 1);
    rig.api.remove('web');
    rig.api.write('web');
    rig.api.write('web');
    rig.api.write('end');
    await until(() => rig.told.length >= 5);
    await settle(10);
    expect(rig.told).toEqual([
      'added web/uid-0',
      'deleted web/uid-0',
      'added web/uid-1',
      'updated web/uid-1',
      'added end/uid-2',
    ]);
  });

  it('starts again when the server says nonsense', async () => {
    const rig = await setUp(() => undefined);
    for (const [nth, line] of [
      '{"type":"ADDED"\n',
      '[]\n',
      'null\n',
      '{"type":"X","object":{}}\n',
    ].entries()) {
      await eventually(rig, () => rig.api.watchers === 1);
      rig.api.sendRaw(line);
      await eventually(rig, () => count(rig.api, 'watch') === nth + 2);
    }
    rig.api.write('a');
    await eventually(rig, () => equal(rig));
  });

  it('gets past an event that it cannot read', async () => {
    const rig = await setUp((api) => {
      api.fault = ({ kind, query }) =>
        kind === 'watch' && query.get('resourceVersion') === '100' ? { kind: 'garble' } : undefined;
    });
    await until(() => rig.api.watchers === 1);
    rig.api.write('a');
    await eventually(rig, () => equal(rig));
    expect(rig.told).toEqual(['added a/uid-0']);
  });
});

describe('when the version is too old', () => {
  it('lists again and tells the difference, by UID', async () => {
    const rig = await setUp((api) => {
      for (const name of ['same', 'changed', 'gone', 'again']) api.write(name);
    });
    await until(() => rig.api.watchers === 1);
    rig.told.length = 0;
    rig.api.fault = once('watch', 0, { kind: 'refuse' });
    rig.api.cutAll();
    rig.api.write('changed');
    rig.api.remove('gone');
    rig.api.remove('again');
    rig.api.write('again');
    rig.api.compact();
    rig.api.write('new');
    await eventually(rig, () => equal(rig));
    expect(rig.told).toEqual([
      'deleted gone/uid-2',
      'deleted again/uid-3',
      'updated changed/uid-1',
      'added again/uid-4',
      'added new/uid-5',
    ]);
  });

  it('lists again when bookmarks go back: etcd was restored', async () => {
    const rig = await setUp((api) => api.write('a'));
    await until(() => rig.api.watchers === 1);
    rig.api.restoreAt(3);
    rig.api.write('b');
    rig.api.bookmark();
    await eventually(rig, () => count(rig.api, 'list') === 2 && rig.informer.cache.size === 2);
    expect(rig.informer.cache.getByUid('uid-1')?.metadata?.resourceVersion).toBe('4');
  });

  it('does not spin when every watch is too old', async () => {
    const rig = await setUp((api) => {
      api.fault = ({ kind }) =>
        kind === 'watch' ? { kind: 'status', code: 410, reason: 'Expired' } : undefined;
    });
    await rig.informer.synced;
    await rig.clock.advance(60_000);
    expect(count(rig.api, 'list')).toBeLessThan(15);
  });
});

describe('when the list fails', () => {
  it('keeps the old state over a page that fails half-way, and tells nothing', async () => {
    const rig = await setUp((api) => {
      for (let n = 0; n < 1_200; n++) api.write(`p${n}`);
    });
    await until(() => rig.api.watchers === 1);
    rig.api.fault = ({ kind }) => (kind === 'watch' ? { kind: 'refuse' } : undefined);
    rig.api.cutAll();
    await until(() => rig.api.watchers === 0);
    for (let n = 0; n < 1_200; n++) rig.api.remove(`p${n}`);
    for (let n = 0; n < 1_100; n++) rig.api.write(`q${n}`);
    rig.api.compact();
    rig.told.length = 0;
    const before = known(rig);
    rig.api.fault = ({ query }) => (query.has('continue') ? { kind: 'cut', afterBytes: 5_000 } : undefined);
    await eventually(rig, () => count(rig.api, 'list') > 20);
    expect(rig.told).toEqual([]);
    expect(known(rig)).toEqual(before);
    rig.api.fault = () => undefined;
    await eventually(rig, () => equal(rig));
    expect(rig.told).toHaveLength(2_300);
  });

  it('begins the pages anew when their snapshot is gone', async () => {
    const rig = await setUp((api) => {
      for (let n = 0; n < 1_200; n++) api.write(`p${n}`);
      api.fault = once('list', 1, { kind: 'status', code: 410, reason: 'Expired' });
    });
    await rig.informer.synced;
    expect(rig.informer.cache.size).toBe(1_200);
    expect(rig.told).toHaveLength(1_200);
    expect(
      rig.api.requests.filter(({ kind }) => kind === 'list').map(({ query }) => query.get('limit')),
    ).toEqual(['500', '500', null]);
  });
});

it('waits out an API server that is away for minutes', async () => {
  const rig = await setUp((api) => api.write('a'));
  await until(() => rig.api.watchers === 1);
  await rig.api.down();
  const before = rig.api.requests.length;
  for (let second = 0; second < 180; second++) await rig.clock.advance(1_000);
  expect(known(rig).size).toBe(1);
  expect(rig.told).toEqual(['added a/uid-0']);
  rig.api.write('b');
  await rig.api.up();
  await eventually(rig, () => equal(rig), 1_000);
  expect(rig.api.requests.length).toBe(before + 1);
  expect(rig.told).toEqual(['added a/uid-0', 'added b/uid-1']);
});

type Step =
  | { readonly do: 'write' | 'remove'; readonly name: string }
  | { readonly do: 'cut' | 'end' | 'compact' | 'bookmark' }
  | { readonly do: 'advance'; readonly ms: number };

const bytes = fc.nat({ max: 3_000 });
const faults: fc.Arbitrary<Fault | undefined> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  fc.constant<Fault>({ kind: 'refuse' }),
  fc.constant<Fault>({ kind: 'repeat' }),
  fc.constant<Fault>({ kind: 'reorder' }),
  fc.constantFrom<Fault>(
    { kind: 'status', code: 410, reason: 'Expired' },
    { kind: 'status', code: 429, reason: 'TooManyRequests', retryAfter: 1 },
    { kind: 'status', code: 500, reason: 'InternalError' },
  ),
  bytes.map((afterBytes): Fault => ({ kind: 'cut', afterBytes })),
  bytes.map((afterBytes): Fault => ({ kind: 'truncate', afterBytes })),
  bytes.map((afterBytes): Fault => ({ kind: 'stall', afterBytes })),
);
const name = fc.constantFrom('web-0', 'web-1', 'web-2', 'db-0');
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('write' as const), name }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('remove' as const), name }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.nat({ max: 5_000 }) }) },
  fc.record({ do: fc.constantFrom('cut' as const, 'end' as const, 'compact' as const, 'bookmark' as const) }),
);

async function play({ api, clock }: Rig, step: Step): Promise<void> {
  if (step.do === 'write') api.write(step.name);
  else if (step.do === 'remove') api.remove(step.name);
  else if (step.do === 'advance') await clock.advance(step.ms);
  else if (step.do === 'cut') api.cutAll();
  else if (step.do === 'end') api.endWatches();
  else if (step.do === 'compact') api.compact();
  else api.bookmark();
}

/** Per UID: added, updated*, deleted, each version newer; per name at most one alive. */
function checkHistory(informer: Informer<Pod>, fail: (why: string) => void): void {
  const alive = new Map<string, { name: string; version: number }>();
  const dead = new Set<string>();
  informer.onEvent(({ type, object }) => {
    const { uid = '', name = '', resourceVersion } = object.metadata ?? {};
    const version = Number(resourceVersion);
    const last = alive.get(uid);
    if (dead.has(uid)) fail(`${type} of ${uid} after its deletion`);
    if ((type === 'added') !== (last === undefined))
      fail(`${type} of ${uid}, which is ${last ? '' : 'not '}known`);
    if (last !== undefined && version < last.version) fail(`${uid} went back`);
    if (type === 'added' && [...alive.values()].some((other) => other.name === name)) fail(`two of ${name}`);
    if (type === 'deleted') {
      alive.delete(uid);
      dead.add(uid);
    } else alive.set(uid, { name, version });
  });
}

it('ends with the state of the server, and a true history of every UID, whatever breaks when', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(steps, { maxLength: 60 }),
      fc.array(faults, { maxLength: 12 }),
      fc.array(name, { maxLength: 4 }),
      async (script, plan, initial) => {
        const troubles: string[] = [];
        let nth = 0;
        const rig = await setUp((api) => {
          for (const each of initial) api.write(each);
          api.fault = () => plan[nth++];
        });
        checkHistory(rig.informer, (why) => troubles.push(why));
        try {
          for (const step of script) await play(rig, step);
          nth = plan.length;
          rig.api.endWatches();
          await eventually(rig, () => equal(rig) && rig.informer.hasSynced, 2_000);
          expect(troubles).toEqual([]);
        } finally {
          rigs.splice(rigs.indexOf(rig), 1);
          await tearDown(rig);
        }
      },
    ),
    { numRuns: 80 },
  );
});
