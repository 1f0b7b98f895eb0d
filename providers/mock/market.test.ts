import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../src/telemetry/fake-clock.ts';
import type { Instance, Purchase } from '../contract/index.ts';
import { MockCloud, type MockOffer, MockProvider, seededRandom } from './index.ts';
import { mockSpec } from './testing/specs.ts';

const size = { name: '1-2', cpuMillis: 1000, memoryBytes: 2 * 1024 ** 3 };
const spot: MockOffer = {
  offer: { id: 'a/spot', market: 'spot', sizes: [size] },
  stock: [
    { atMs: 10_000, state: 'out' },
    { atMs: 20_000, state: 'late' },
    { atMs: 30_000, state: 'in' },
  ],
};
const purchase: Purchase = { offer: 'a/spot', market: 'spot', size };

let clock: FakeClock;
let cloud: MockCloud;
beforeEach(() => {
  clock = new FakeClock();
  cloud = new MockCloud({ clock, random: seededRandom(7), offers: [spot] });
});

function create(podUid = 'pod-1', bought: Purchase | undefined = purchase): Instance {
  const spec = mockSpec({ podUid });
  return cloud.create(bought === undefined ? spec : { ...spec, purchase: bought }, `token-${podUid}`);
}

function now(podUid = 'pod-1'): Instance {
  const [instance] = cloud.instances(podUid);
  if (instance === undefined) throw new Error(`${podUid} has no instance`);
  return instance;
}

describe('the market of the mock cloud', () => {
  it('sells what it offers, and nothing else', () => {
    expect(new MockProvider({ cloud }).offers?.()).toEqual([spot.offer]);
    expect(create().phase).toBe('Running');
    const none = { ...mockSpec({ podUid: 'x' }) };
    expect(() => cloud.create(none, 't-1')).toThrow('there is no offer without a name');
    expect(() => create('b', { ...purchase, offer: 'b/spot' })).toThrow('there is no offer b/spot');
    const other = { ...purchase, size: { ...size, name: '9-9' } };
    expect(() => create('b', other)).toThrow('a/spot does not sell 9-9');
    expect(() => create('pod-1', other)).toThrow('the token was used before, for another purchase');
  });

  it('is out of stock when its schedule says so, at once or a while later', async () => {
    await clock.advance(10_000);
    expect(() => create()).toThrow(expect.objectContaining({ kind: 'OutOfStock', offer: 'a/spot' }));
    await clock.advance(10_000);
    expect(create()).toMatchObject({ phase: 'Pending' });
    await clock.advance(2_000);
    expect(now()).toMatchObject({ phase: 'Stopped', stopCause: { kind: 'OutOfStock', reason: 'NoStock' } });
    expect(now().containers[0]).toMatchObject({ id: '', state: { kind: 'waiting' } });
    // What never came to be costs nothing.
    expect(now().billing).toBeUndefined();
    cloud.market?.setStock('a/spot', 'in');
    expect(create('pod-2').phase).toBe('Running');
  });

  it('bills from the acceptance to the end', async () => {
    const startedAt = create().createdAt;
    expect(now().billing).toEqual({ startedAt });
    await clock.advance(5_000);
    cloud.exit('pod-1', 'main', 0);
    cloud.stop(now().ref, 1);
    const endedAt = new Date(clock.now()).toISOString();
    expect(now().billing).toEqual({ startedAt, endedAt });
    await clock.advance(1_000);
    cloud.delete(now().ref);
    expect([...(cloud.market?.bills.values() ?? [])]).toMatchObject([{ startedAt, endedAt, purchase }]);
    create('pod-2');
    await clock.advance(1_000);
    cloud.delete(now('pod-2').ref);
    const ended = new Date(clock.now()).toISOString();
    expect([...(cloud.market?.bills.values() ?? [])].map((bill) => bill.endedAt)).toEqual([endedAt, ended]);
  });

  it('takes instances back after a notice, which comes with SIGTERM', async () => {
    const reclaims = { chance: 1, afterMs: 8_000, noticeMs: 3_000 };
    cloud = new MockCloud({ clock, offers: [{ ...spot, reclaims }], script: slow });
    const end = new Date(clock.now() + 8_000).toISOString();
    create();
    await clock.advance(4_999);
    expect(now().interruption).toBeUndefined();
    await clock.advance(1);
    expect(now()).toMatchObject({ phase: 'Stopping', interruption: { at: end } });
    expect(now().stopCause).toBeUndefined();
    await clock.advance(1_000);
    expect(now()).toMatchObject({ phase: 'Stopped', stopCause: { kind: 'Interrupted' } });
    expect(now().containers[0]?.state).toMatchObject({ exitCode: 7 });
  });

  it('kills what does not end by the end of the notice', async () => {
    cloud = new MockCloud({ clock, offers: [spot], script: { ...slow, containers: { '*': stubborn } } });
    create();
    cloud.interrupt('pod-1', { kind: 'Interrupted', reason: 'SpotReclaimed', message: '' }, 2_000);
    await clock.advance(1_999);
    expect(now().phase).toBe('Stopping');
    await clock.advance(1);
    expect(now().containers[0]?.state).toMatchObject({ exitCode: 137 });
  });
});

const program = {
  ...{ exits: [], readyAfterMs: 0, logs: [], logEveryMs: 0, cpuMillis: 1, memoryBytes: 1 },
  onTerm: { code: 7, afterMs: 1_000 },
};
const stubborn = { ...program, onTerm: 'ignore' as const };
const slow = { runningAfterMs: 0, containers: { '*': program } };
