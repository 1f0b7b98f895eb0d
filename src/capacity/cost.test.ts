import { describe, expect, it, test } from 'vitest';
import { FakeClock } from '../telemetry/fake-clock.ts';
import { billedSeconds, costOf, moneyText, readMoney, type Tariff } from './cost.ts';
import { CostBook } from './cost-book.ts';
import { ownerOf } from './owner-of.ts';
import { podCost, sumCosts } from './pod-cost.ts';

const tariff: Tariff = { price: { currency: 'USD', perSecond: 0.001 }, minimumSeconds: 60 };
const at = (seconds: number): string => new Date(1_700_000_000_000 + seconds * 1000).toISOString();

test.each([
  ['goes on', { startedAt: at(0) }, 100_000, 100],
  ['a second that has begun counts', { startedAt: at(0), endedAt: at(70.2) }, 999_000, 71],
  ['no less than the minimum', { startedAt: at(0), endedAt: at(3) }, 999_000, 60],
  ['a clock that is behind', { startedAt: at(10) }, 0, 60],
])('billed seconds: %s', (_, billing, now, seconds) => {
  expect(billedSeconds(billing, 60, 1_700_000_000_000 + now)).toBe(seconds);
  expect(costOf(billing, tariff, 1_700_000_000_000 + now)).toBeCloseTo(seconds / 1000, 12);
});

test.each([
  [0.0000123456789, '0.0000123457 USD'],
  [1e-9, '0.000000001 USD'],
  [12, '12 USD'],
  [1234567.89, '1234567.89 USD'],
  [0, '0 USD'],
])('money %d is written %s, and read back', (amount, text) => {
  expect(moneyText(amount, 'USD')).toBe(text);
  expect(readMoney(text)?.amount).toBeCloseTo(amount, 5);
  expect(readMoney(`${text}!`)).toBeUndefined();
});

describe('CostBook', () => {
  const account = { namespace: 'shop', owner: 'Job/sums', market: 'spot', currency: 'USD' };
  const iso = (clock: FakeClock): string => new Date(clock.now()).toISOString();

  it('counts what is spent while it looks, and never falls', async () => {
    const clock = new FakeClock();
    const startedAt = iso(clock);
    await clock.advance(100_000);
    const book = new CostBook(clock);
    book.note('old', account, tariff, { startedAt });
    expect(book.spending()).toEqual([{ ...account, perSecond: 0.001, total: 0 }]);
    const billing = { startedAt: iso(clock) };
    book.note('new', account, tariff, billing);
    await clock.advance(100_000);
    const [both] = book.spending();
    expect(both?.perSecond).toBeCloseTo(0.002, 9);
    expect(both?.total).toBeCloseTo(0.2, 9);
    book.note('new', account, tariff, { ...billing, endedAt: iso(clock) });
    book.gone('old');
    await clock.advance(100_000);
    expect(book.spending()[0]).toMatchObject({ perSecond: 0 });
    expect(book.spending()[0]?.total).toBeCloseTo(0.2, 9);
    book.gone('new');
    expect(book.spending()[0]?.total).toBeCloseTo(0.2, 9);
  });
});

test('beyond a thousand accounts new owners share one', () => {
  const clock = new FakeClock();
  const book = new CostBook(clock);
  const account = (index: number) => ({
    ...{ namespace: 'ci', owner: `Job/${index}`, market: 'spot', currency: 'USD' },
  });
  for (let index = 0; index < 1_200; index++) {
    book.note(`i-${index}`, account(index), tariff, { startedAt: new Date(clock.now()).toISOString() });
    book.gone(`i-${index}`);
  }
  const spending = book.spending();
  expect(spending).toHaveLength(1_001);
  expect(spending.at(-1)).toMatchObject({ owner: 'others' });
  expect(spending.reduce((sum, { total }) => sum + total, 0)).toBeCloseTo(1_200 * 0.06, 6);
});

test.each([
  [{ kind: 'Job', name: 'sums' }, {}, 'Job/sums'],
  [{ kind: 'ReplicaSet', name: 'web-6655f9c6b5' }, { 'pod-template-hash': '6655f9c6b5' }, 'Deployment/web'],
  [{ kind: 'ReplicaSet', name: 'own' }, {}, 'ReplicaSet/own'],
])('a Pod of %j works for it', (reference, labels, expected) => {
  const owner = { apiVersion: 'apps/v1', uid: '1', controller: true, ...reference };
  expect(ownerOf({ metadata: { name: 'a', labels, ownerReferences: [owner] } })).toBe(expected);
  expect(ownerOf({ metadata: { name: 'a', ownerReferences: [{ ...owner, controller: false }] } })).toBe('');
});

test('a Pod says itself what it costs', () => {
  const annotations = {
    'burstlet.dev/price-per-second': '0.001 USD',
    'burstlet.dev/minimum-seconds': '60',
    'burstlet.dev/offer': 'a/spot',
    'burstlet.dev/billed-since': at(0),
  };
  const pod = (more: object, name = 'a') => ({
    metadata: { name, namespace: 'shop', annotations: { ...annotations, ...more } },
  });
  const now = 1_700_000_100_000;
  const live = podCost(pod({}), now);
  expect(live).toMatchObject({ offer: 'a/spot', perSecond: 0.001, ended: false });
  expect(live?.cost).toBeCloseTo(0.1, 9);
  const ended = podCost(pod({ 'burstlet.dev/cost': '0.25 USD' }), now);
  expect(ended).toMatchObject({ perSecond: 0, ended: true, cost: 0.25 });
  expect(podCost({ metadata: { name: 'b' } }, now)).toBeUndefined();
  const [sum] = sumCosts([live, ended].filter((cost) => cost !== undefined));
  expect(sum).toMatchObject({ namespace: 'shop', currency: 'USD', pods: 2, perSecond: 0.001 });
  expect(sum?.cost).toBeCloseTo(0.35, 9);
});
