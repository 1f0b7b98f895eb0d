import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../../providers/mock/index.ts';
import { pods } from '../../src/kube/resources.ts';
import { eventually } from '../support/eventually.ts';
import { openStage, type RunningNode, type Stage } from '../support/stage.ts';

let stage: Stage;
let node: RunningNode;

beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

beforeEach(async () => {
  node = await stage.startNode();
  await node.registered;
});
afterEach(async () => {
  stage.proxy.fault = () => undefined;
  const { items } = await stage.admin.list(pods, { namespace: 'default' });
  await Promise.all(
    items.map(({ metadata }) => stage.remove(metadata?.name ?? '', 0).catch(() => undefined)),
  );
  await eventually(() => stage.cloud.size === 0, 20);
  await node.stop();
});

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `p-${index}`);
const isGone = async (name: string): Promise<boolean> => (await stage.read(name)) === undefined;
const areGone = async (all: readonly string[]): Promise<boolean> =>
  (await Promise.all(all.map(isGone))).every(Boolean);
const live = (uid: string): number =>
  stage.cloud.instances(uid).filter(({ phase }) => phase !== 'Stopped').length;

describe('an API server that is away', () => {
  it('costs no instance and doubles none; what happened meanwhile is made good afterwards', async () => {
    const [stays, ends, goes] = (await Promise.all(
      ['stays', 'ends', 'goes'].map((name) => stage.pod(name, { spec: { restartPolicy: 'Never' } })),
    )) as [string, string, string];
    await Promise.all(['stays', 'ends', 'goes'].map((name) => stage.reaches(name, 'Running')));
    await stage.proxy.down();
    stage.cloud.exit(ends, 'main', 3);
    await stage.remove('goes');
    const comes = await stage.pod('comes');
    const since = Date.now();
    // The sweep and everything else goes on meanwhile.
    await eventually(() => Date.now() - since > 500);
    expect([stays, goes].map(live)).toEqual([1, 1]);
    expect(stage.calls(ends)).toEqual(['create']);
    await stage.proxy.up();
    await stage.reaches('comes', 'Running');
    expect(
      (await stage.reaches('ends', 'Failed')).status?.containerStatuses?.[0]?.state?.terminated?.exitCode,
    ).toBe(3);
    await eventually(async () => (await isGone('goes')) && live(goes) === 0);
    expect(stage.calls(stays)).toEqual(['create']);
    expect(stage.calls(comes)).toEqual(['create']);
    expect(stage.cloud.ledger.doublings).toEqual([]);
  });

  it('while the daemon starts is waited for, and nothing is taken for gone', async () => {
    const uid = await stage.pod('old');
    await stage.reaches('old', 'Running');
    await node.stop();
    await stage.proxy.down();
    node = await stage.startNode();
    const since = Date.now();
    await eventually(() => Date.now() - since > 300);
    expect(stage.calls(uid)).toEqual(['create']);
    await stage.proxy.up();
    const late = await stage.pod('late');
    await stage.reaches('late', 'Running');
    expect(live(uid)).toBe(1);
    expect(stage.calls(uid)).toEqual(['create']);
    expect(stage.calls(late)).toEqual(['create']);
  });

  it('and loses its answers does not make two of one', async () => {
    const writes: string[] = [];
    stage.proxy.fault = ({ method, path }) => {
      if (method === 'GET' || path.includes('/leases/') || writes.length >= 12) return undefined;
      writes.push(`${method} ${path}`);
      return { kind: 'lostAnswer' };
    };
    const uids = await Promise.all(names(4).map((name) => stage.pod(name)));
    await Promise.all(names(4).map((name) => stage.reaches(name, 'Running')));
    await Promise.all(names(4).map((name) => stage.remove(name)));
    await eventually(() => areGone(names(4)));
    expect(writes.length).toBeGreaterThan(3);
    expect(uids.map(live)).toEqual([0, 0, 0, 0]);
    expect(uids.map((uid) => stage.calls(uid).filter((call) => call === 'create').length)).toEqual([
      1, 1, 1, 1,
    ]);
  });
});

describe('a watch', () => {
  it.each([11, 12])(
    'that is reset at random bytes misses nothing and doubles nothing (seed %i)',
    async (seed) => {
      const random = seededRandom(seed);
      let resets = 0;
      stage.proxy.fault = ({ isWatch, path }) => {
        // More would be as good, but the pauses between them grow.
        if (!isWatch || !path.endsWith('/pods') || resets >= 3) return undefined;
        resets++;
        return { kind: 'reset', afterBytes: Math.floor(random() * 30_000) };
      };
      const uids = new Map<string, string>();
      // Cuts off the watch that stands, so that the faults begin.
      await stage.proxy.down();
      await stage.proxy.up();
      for (const name of names(30)) {
        uids.set(name, await stage.pod(name));
        // Every third is gone again before it may be seen, every other third later.
        const index = uids.size % 3;
        if (index === 1) await stage.remove(name);
      }
      const gone = names(30).filter((_, index) => index % 3 === 0);
      const later = names(30).filter((_, index) => index % 3 === 1);
      const stay = names(30).filter((_, index) => index % 3 === 2);
      await Promise.all([...later, ...stay].map((name) => stage.reaches(name, 'Running')));
      await Promise.all(later.map((name) => stage.remove(name)));
      await eventually(() => areGone([...gone, ...later]));
      expect(resets).toBe(3);
      await eventually(() => stage.cloud.size === stay.length);
      expect(stay.map((name) => live(uids.get(name) ?? ''))).toEqual(stay.map(() => 1));
      expect(stage.cloud.ledger.doublings).toEqual([]);
    },
  );

  it('whose version is too old is followed by a list, and what was missed is made good', async () => {
    const keeps = await stage.pod('keeps');
    const goes = await stage.pod('goes');
    await Promise.all(['keeps', 'goes'].map((name) => stage.reaches(name, 'Running')));
    let answered = 0;
    stage.proxy.fault = ({ isWatch, path }) => {
      if (!isWatch || !path.endsWith('/pods') || answered > 0) return undefined;
      answered++;
      return { kind: 'status', code: 410, reason: 'Expired' };
    };
    await stage.proxy.down();
    // Both the deletion and the new Pod of the same name fall into the gap.
    await stage.remove('goes', 0);
    const again = await stage.pod('goes');
    await stage.proxy.up();
    await stage.reaches('goes', 'Running');
    await eventually(() => live(goes) === 0);
    expect(answered).toBe(1);
    expect([keeps, again].map(live)).toEqual([1, 1]);
    expect(stage.calls(keeps)).toEqual(['create']);
    expect(stage.calls(again)).toEqual(['create']);
  });
});

it('a list whose second page fails half-way is no list: nothing counts as gone, and it is read again', async () => {
  const uids = await Promise.all(names(45).map((name) => stage.pod(name)));
  await eventually(() => stage.cloud.size === 45);
  await Promise.all(names(45).map((name) => stage.reaches(name, 'Running')));
  await node.stop();
  let broken = 0;
  stage.proxy.fault = ({ query }) => {
    if (!query.has('continue') || broken >= 5) return undefined;
    broken++;
    return broken % 2 === 1
      ? { kind: 'reset', afterBytes: 300 }
      : { kind: 'status', code: 500, reason: 'InternalError' };
  };
  node = await stage.startNode();
  await eventually(() => node.pods.ready);
  expect(broken).toBe(5);
  expect(node.pods.pods.list()).toHaveLength(45);
  await stage.pod('next');
  await stage.reaches('next', 'Running');
  expect(uids.every((uid) => stage.calls(uid).join() === 'create')).toBe(true);
});
