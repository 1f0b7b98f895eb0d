import { expect, test } from 'vitest';
import type { PodCost } from '../../capacity/pod-cost.ts';
import { jsonReport, textReport } from './report.ts';

const now = Date.parse('2026-01-01T02:05:00Z');
const pod: PodCost = {
  ...{
    namespace: 'shop',
    name: 'web-0',
    node: 'burst-0',
    owner: 'Deployment/web',
    offer: 'a/spot',
    market: 'spot',
    size: '1-2',
  },
  ...{ currency: 'USD', perSecond: 0.00001, billedSince: '2026-01-01T00:00:00Z', ended: false, cost: 0.075 },
};
const job: PodCost = {
  ...pod,
  name: 'job',
  namespace: 'batch',
  owner: '',
  ended: true,
  perSecond: 0,
  cost: 1.5,
};

test('people read it Pod by Pod and by owner', () => {
  expect(
    textReport([pod, job], now)
      .split('\n')
      .map((line) => line.split(/ {2,}/)),
  ).toEqual([
    ['NAMESPACE', 'POD', 'SIZE', 'OFFER', 'BILLED', 'PER HOUR', 'COST'],
    ['shop', 'web-0', '1-2', 'a/spot', '2 h 5 min', '0.036 USD', '0.075 USD'],
    ['batch', 'job', '1-2', 'a/spot', 'ended', '0 USD', '1.5 USD'],
    [''],
    ['NAMESPACE', 'OWNER', 'PODS', 'PER HOUR', 'COST'],
    ['shop', 'Deployment/web', '1', '0.036 USD', '0.075 USD'],
    ['batch', '-', '1', '0 USD', '1.5 USD'],
  ]);
  expect(textReport([], now)).toMatch(/^No Pod was bought/);
});

test('programs read it as JSON', () => {
  const { billedSince: _none, ...waiting } = pod;
  const report = JSON.parse(jsonReport([{ ...waiting, billedSince: undefined, cost: 0 }], now));
  expect(report).toMatchObject({
    time: '2026-01-01T02:05:00.000Z',
    pods: [{ name: 'web-0', billedSince: null, cost: 0 }],
    totals: [{ namespace: 'shop', pods: 1, perSecond: 0.00001, cost: 0 }],
  });
});
