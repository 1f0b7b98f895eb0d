import { expect, test } from 'vitest';
import { offersOf, subnetOf } from './offers.ts';
import { testOptions } from './testing/fixtures.ts';

test('markets in the order of the option, each in every zone', () => {
  expect(offersOf(testOptions()).map(({ id }) => id)).toEqual([
    'us-east-1a/spot',
    'us-east-1b/spot',
    'us-east-1a/on-demand',
    'us-east-1b/on-demand',
  ]);
});

test('a price is that of the book for its region, market and architecture, with date and source', () => {
  const [offer] = offersOf(testOptions({ markets: ['on-demand'] }));
  expect(offer?.rates).toMatchObject({ currency: 'USD', minimumSeconds: 60, asOf: '2026-11-22' });
  expect(offer?.rates?.perCpuSecond).toBeCloseTo(0.04048 / 3600, 12);
  expect(offer?.rates?.perGibSecond).toBeCloseTo(0.004445 / 3600, 12);
  const [arm] = offersOf(testOptions({ markets: ['on-demand'], architecture: 'ARM64' }));
  expect(arm?.rates?.perCpuSecond).toBeCloseTo(0.03238 / 3600, 12);
});

test('a price that nobody has read is left out, and one that is given counts', () => {
  expect(offersOf(testOptions({ region: 'sa-east-1' }))[0]).not.toHaveProperty('rates');
  const prices = { spot: { currency: 'EUR', perVcpuHour: 0.036, perGibHour: 0.0036, asOf: '2026-10-01' } };
  expect(offersOf(testOptions({ prices }))[0]?.rates).toMatchObject({
    currency: 'EUR',
    perCpuSecond: 0.036 / 3600,
    source: 'provider.options.prices',
  });
});

test('the subnet of an offer', () => {
  expect(subnetOf(testOptions(), 'us-east-1b/spot')).toBe('subnet-0b22');
  expect(subnetOf(testOptions(), 'us-east-1f/spot')).toBeUndefined();
});
