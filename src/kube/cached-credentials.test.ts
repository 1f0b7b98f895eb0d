import { expect, it } from 'vitest';
import { FakeClock } from '../telemetry/fake-clock.ts';
import { silentLog } from '../telemetry/log.ts';
import { CachedCredentials } from './cached-credentials.ts';
import type { Identity } from './credentials.ts';

function setUp(load: (nth: number, fresh: boolean) => Promise<Identity> | Identity) {
  const clock = new FakeClock();
  const loads: boolean[] = [];
  const credentials = new CachedCredentials({
    clock,
    log: silentLog,
    load: async (fresh) => {
      loads.push(fresh);
      return await load(loads.length - 1, fresh);
    },
  });
  return { clock, loads, credentials };
}

it('reads again after a minute, once for many callers', async () => {
  const { clock, loads, credentials } = setUp((nth) => ({ authorization: String(nth), tls: {} }));
  await Promise.all([credentials.current(), credentials.current()]);
  await clock.advance(59_000);
  expect((await credentials.current()).authorization).toBe('0');
  await clock.advance(1_000);
  expect((await credentials.current()).authorization).toBe('1');
  expect(loads).toEqual([false, false]);
});

it('reads at once after a 401, but not for every one of a burst', async () => {
  const { clock, loads, credentials } = setUp((nth) => ({ authorization: String(nth), tls: {} }));
  await credentials.current();
  await clock.advance(10_000);
  credentials.invalidate();
  expect((await credentials.current()).authorization).toBe('1');
  credentials.invalidate();
  expect((await credentials.current()).authorization).toBe('1');
  await clock.advance(5_000);
  credentials.invalidate();
  await credentials.current();
  expect(loads).toEqual([false, true, true]);
});

it('keeps the TLS object as long as it says the same', async () => {
  const { clock, credentials } = setUp((nth) => ({ tls: { ca: nth < 2 ? 'old' : 'new' } }));
  const first = await credentials.current();
  await clock.advance(60_000);
  expect((await credentials.current()).tls).toBe(first.tls);
  await clock.advance(60_000);
  expect((await credentials.current()).tls).toEqual({ ca: 'new' });
});

it('goes on with what it has when a source fails for a while, unless the server has refused that', async () => {
  const { clock, credentials, loads } = setUp((nth) => {
    if (nth > 0) throw new Error('no such file');
    return { authorization: 'good', tls: {} };
  });
  await credentials.current();
  await clock.advance(60_000);
  expect((await credentials.current()).authorization).toBe('good');
  await clock.advance(60_000);
  credentials.invalidate();
  await expect(credentials.current()).rejects.toThrow('no such file');
  await expect(credentials.current()).rejects.toThrow('no such file');
  expect(loads).toHaveLength(3);
  await clock.advance(5_000);
  await expect(credentials.current()).rejects.toThrow('no such file');
  expect(loads).toHaveLength(4);
});
