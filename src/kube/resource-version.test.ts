import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compareVersions, isOlder } from './resource-version.ts';

it('orders decimal versions of any length as numbers', () => {
  const version = fc.bigInt({ min: 0n, max: 2n ** 70n });
  fc.assert(
    fc.property(version, version, fc.nat(3), (a, b, zeros) => {
      const order = compareVersions('0'.repeat(zeros) + a, String(b));
      expect(Math.sign(order ?? Number.NaN)).toBe(a < b ? -1 : a > b ? 1 : 0);
    }),
  );
});

it('knows nothing of opaque versions but that they are equal', () => {
  expect(compareVersions('abc', 'abc')).toBe(0);
  expect(compareVersions('abc', '12')).toBeUndefined();
  expect(isOlder('1a', '2a')).toBe(false);
});
