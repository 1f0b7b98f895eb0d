import type { TLSSocket } from 'node:tls';
import { beforeEach, describe, expect, test } from 'vitest';
import type { KubeClient } from '../../kube/client.ts';
import { FakeClock, settle } from '../../telemetry/fake-clock.ts';
import { silentLog } from '../../telemetry/log.ts';
import { Gate } from './gate.ts';
import type { User } from './user.ts';

interface Review {
  readonly kind: string;
  readonly spec: Readonly<Record<string, unknown>> & {
    readonly resourceAttributes?: Readonly<Record<string, string>>;
  };
}

let clock: FakeClock;
let asked: Review[];
/** What the API server answers; a promise that stays open = it does not. */
let answer: (review: Review) => unknown;
let certificate: User | undefined;
let gate: Gate;

beforeEach(() => {
  clock = new FakeClock();
  asked = [];
  certificate = undefined;
  answer = ({ kind }) =>
    kind === 'TokenReview'
      ? { authenticated: true, user: { username: 'eve', uid: '7', groups: ['g'], extra: { a: ['b'] } } }
      : { allowed: true };
  const create = async (_: unknown, review: Review) => {
    asked.push(review);
    return { status: await answer(review) };
  };
  gate = new Gate({
    ...{ clock, log: silentLog, nodeName: 'burst-0', clients: { userOf: () => certificate } },
    client: { create } as unknown as KubeClient,
  });
});

function enter(path: string, { method = 'GET', token }: { method?: string; token?: string } = {}) {
  const authorization = token === undefined ? undefined : `Bearer ${token}`;
  return gate.refusal({ method, path, authorization, socket: {} as TLSSocket });
}
const kinds = (): string[] => asked.map(({ kind }) => kind);
const subresources = (): unknown[] => asked.map(({ spec }) => spec.resourceAttributes?.subresource);

describe('who asks', () => {
  test('must have a name', async () => {
    expect(await enter('/healthz')).toEqual({ status: 401, text: 'Unauthorized' });
    expect(asked).toEqual([]);
  });

  test('with a certificate needs no token, and a token is then not looked at', async () => {
    certificate = { name: 'api', groups: ['system:authenticated'] };
    expect(await enter('/metrics', { token: 't' })).toBeUndefined();
    expect(kinds()).toEqual(['SubjectAccessReview']);
  });

  test('is asked for with all that is known of them', async () => {
    expect(await enter('/exec/ns/p/c', { method: 'POST', token: 't' })).toBeUndefined();
    expect(asked[1]?.spec).toEqual({
      ...{ user: 'eve', uid: '7', groups: ['g'], extra: { a: ['b'] } },
      resourceAttributes: {
        ...{ group: '', version: 'v1', resource: 'nodes', subresource: 'proxy', name: 'burst-0' },
        verb: 'create',
      },
    });
  });

  test('is nobody while the API server cannot be asked, and that is not remembered', async () => {
    const good = answer;
    answer = () => Promise.reject(new Error('away'));
    expect(await enter('/metrics', { token: 't' })).toEqual({ status: 401, text: 'Unauthorized' });
    answer = good;
    expect(await enter('/metrics', { token: 't' })).toBeUndefined();
  });

  test('is remembered for two minutes, a bad token as well', async () => {
    answer = () => ({});
    await enter('/metrics', { token: 't' });
    await clock.advance(119_999);
    await enter('/metrics', { token: 't' });
    expect(kinds()).toEqual(['TokenReview']);
    await clock.advance(1);
    await enter('/metrics', { token: 't' });
    expect(kinds()).toEqual(['TokenReview', 'TokenReview']);
  });
});

describe('what they may', () => {
  beforeEach(() => {
    certificate = { name: 'eve', groups: [] };
  });

  test('is tried from the fine to the coarse, and the first that is allowed opens the door', async () => {
    answer = ({ spec }) => ({ allowed: spec.resourceAttributes?.subresource === 'proxy' });
    expect(await enter('/pods')).toBeUndefined();
    expect(subresources()).toEqual(['pods', 'proxy']);
  });

  test('is told when it is not enough', async () => {
    answer = () => ({ allowed: false });
    expect(await enter('/configz', { method: 'POST' })).toEqual({
      status: 403,
      text: 'Forbidden (user=eve, verb=create, resource=nodes, subresource(s)=[configz proxy])',
    });
  });

  test('is nothing when nobody can be asked', async () => {
    answer = ({ spec }) =>
      spec.resourceAttributes?.subresource === 'proxy'
        ? Promise.reject(new Error('away'))
        : { allowed: false };
    expect(await enter('/pods')).toEqual({
      status: 500,
      text: 'Authorization error (user=eve, verb=get, resource=nodes, subresource=proxy)',
    });
  });

  test('is remembered for five minutes, what they may not for thirty seconds', async () => {
    answer = ({ spec }) => ({ allowed: spec.resourceAttributes?.subresource === 'stats' });
    for (const ms of [0, 29_999, 1, 269_999, 1]) {
      await clock.advance(ms);
      await enter('/stats/summary');
      await enter('/metrics');
    }
    const times = (which: string): number => subresources().filter((one) => one === which).length;
    expect([times('stats'), times('metrics')]).toEqual([2, 3]);
  });
});

describe('the API server', () => {
  test('is asked the same thing once, however many ask at the same time', async () => {
    const open = Promise.withResolvers<unknown>();
    const good = answer;
    answer = async (review) => {
      await open.promise;
      return good(review);
    };
    const all = Promise.all(Array.from({ length: 20 }, () => enter('/metrics', { token: 't' })));
    await settle();
    open.resolve(undefined);
    expect(await all).toEqual(Array.from({ length: 20 }, () => undefined));
    expect(kinds()).toEqual(['TokenReview', 'SubjectAccessReview']);
  });

  test('has eight questions of a kind at a time, and a flood is turned away', async () => {
    const open = Promise.withResolvers<unknown>();
    answer = () => open.promise;
    const flood = Array.from({ length: 200 }, (_, index) => enter('/metrics', { token: `t${index}` }));
    await settle();
    expect(asked.length).toBe(8);
    // The last ones have not even waited.
    expect(await flood[199]).toEqual({ status: 401, text: 'Unauthorized' });
    await clock.advance(10_000);
    expect(await flood[50]).toEqual({ status: 401, text: 'Unauthorized' });
    expect(asked.length).toBe(8);
    open.resolve({ authenticated: false });
    await Promise.all(flood);
    // The places are free again.
    answer = () => ({ authenticated: true, user: { username: 'x' }, allowed: true });
    expect(await enter('/metrics', { token: 'new' })).toBeUndefined();
  });

  test('asked about users it knows does not wait behind tokens that it does not', async () => {
    answer = ({ kind }) => (kind === 'TokenReview' ? new Promise(() => undefined) : { allowed: true });
    for (let index = 0; index < 50; index++) void enter('/metrics', { token: `t${index}` });
    certificate = { name: 'api', groups: [] };
    expect(await enter('/metrics')).toBeUndefined();
  });
});
