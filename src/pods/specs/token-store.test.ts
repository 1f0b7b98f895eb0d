import { expect, test } from 'vitest';
import type { KubeClient } from '../../kube/client.ts';
import { FakeClock } from '../../telemetry/fake-clock.ts';
import { silentLog } from '../../telemetry/log.ts';
import { aPod } from '../testing/objects.ts';
import { TokenStore } from './token-store.ts';

const never = new AbortController().signal;
const wanted = { key: 'token/token', serviceAccount: 'builder', audience: '', expirationSeconds: 3600 };

/** A store on an API that gives out `t1`, `t2`, ... for an hour each, until it is down. */
function setUp() {
  const clock = new FakeClock();
  const api = { down: false, given: 0 };
  const client: Pick<KubeClient, 'create'> = {
    async create(_resource, object) {
      if (api.down) throw new Error('refused');
      const expirationTimestamp = new Date(clock.now() + 3_600_000).toISOString();
      return { ...object, status: { token: `t${++api.given}`, expirationTimestamp } };
    },
  };
  const store = new TokenStore({ clock, random: () => 0, log: silentLog, client: client as KubeClient });
  return { clock, api, store, get: () => store.get(aPod(), wanted, never) };
}

const minutes = (count: number): number => count * 60_000;

test('a token is kept for 80 % of its life, then another is asked for', async () => {
  const { clock, store, get } = setUp();
  expect(await get()).toBe('t1');
  expect(store.staleAt('uid-1')).toBe(clock.now() + minutes(48));
  await clock.advance(minutes(47));
  expect(await get()).toBe('t1');
  await clock.advance(minutes(1));
  expect(await get()).toBe('t2');
});

test('while no other can be had the old one serves until it expires, and is asked for again', async () => {
  const { clock, api, store, get } = setUp();
  await get();
  api.down = true;
  await clock.advance(minutes(50));
  expect(await get()).toBe('t1');
  expect(store.staleAt('uid-1')).toBe(clock.now() + 30_000);
  await clock.advance(minutes(10));
  await expect(get()).rejects.toThrow('refused');
});

test('nothing is kept of a Pod that is gone', async () => {
  const { store, get } = setUp();
  await get();
  store.forget('uid-1');
  expect(store.staleAt('uid-1')).toBe(Infinity);
  expect(await get()).toBe('t2');
});
