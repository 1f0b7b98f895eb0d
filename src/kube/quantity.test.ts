import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addQuantities,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  QuantityError,
  type QuantityFormat,
  quantityOfBytes,
  quantityOfMillis,
  subtractQuantities,
  toMillis,
  toUnits,
} from './quantity.ts';

describe('reading and writing', () => {
  it.each([
    // text, canonical, thousandths, whole units
    ['0', '0', 0, 0],
    ['0Gi', '0', 0, 0],
    ['1', '1', 1_000, 1],
    ['100m', '100m', 100, 1],
    ['0.1', '100m', 100, 1],
    ['.5', '500m', 500, 1],
    ['5.', '5', 5_000, 5],
    ['+2', '2', 2_000, 2],
    ['-1.5', '-1500m', -1_500, -2],
    ['1000m', '1', 1_000, 1],
    ['1500m', '1500m', 1_500, 2],
    ['500u', '500u', 1, 1],
    ['1n', '1n', 1, 1],
    ['0.1n', '1n', 1, 1],
    ['1.0000000001', '1000000001n', 1_001, 2],
    ['1000', '1k', 1_000_000, 1_000],
    ['1024', '1024', 1_024_000, 1_024],
    ['100k', '100k', 100_000_000, 100_000],
    ['1e3', '1e3', 1_000_000, 1_000],
    ['1E3', '1e3', 1_000_000, 1_000],
    ['12e4', '120e3', 120_000_000, 120_000],
    ['1e-3', '1e-3', 1, 1],
    ['1e+2', '100', 100_000, 100],
    ['5E', '5E', 5e21, 5e18],
    ['1Ki', '1Ki', 1_024_000, 1_024],
    ['1.5Gi', '1536Mi', 1_610_612_736_000, 1_610_612_736],
    ['1024Mi', '1Gi', 1_073_741_824_000, 1_073_741_824],
    ['0.5Ki', '512', 512_000, 512],
    ['0.9765625Ki', '1k', 1_000_000, 1_000],
    ['1.1Ki', '1126400m', 1_126_400, 1_127],
    ['-2Gi', '-2Gi', -2_147_483_648_000, -2_147_483_648],
    ['7Ei', '7Ei', 7 * 2 ** 60 * 1_000, 7 * 2 ** 60],
    ['129e6', '129e6', 129e9, 129e6],
    ['129M', '129M', 129e9, 129e6],
    ['128974848', '128974848', 128974848000, 128974848],
  ])('%s is %s', (text, canonical, millis, units) => {
    const quantity = parseQuantity(text);
    expect(formatQuantity(quantity)).toBe(canonical);
    expect(toMillis(quantity)).toBe(millis);
    expect(toUnits(quantity)).toBe(units);
  });

  it('takes numbers as YAML gives them', () => {
    expect(formatQuantity(parseQuantity(2))).toBe('2');
    expect(formatQuantity(parseQuantity(0.25))).toBe('250m');
    expect(formatQuantity(parseQuantity(1e-7))).toBe('100e-9');
  });

  it('caps what is too large and keeps a trace of what is too small, at once', () => {
    const largest = 2n ** 63n - 1n;
    for (const text of ['9223372036854775808', '1e999999999', '8Ei', `1${'0'.repeat(120)}`])
      expect(parseQuantity(text).nanos).toBe(largest * 10n ** 9n);
    expect(parseQuantity('-1e999999999').nanos).toBe(-largest * 10n ** 9n);
    expect(parseQuantity('1e-999999999').nanos).toBe(1n);
    expect(parseQuantity('0e999999999').nanos).toBe(0n);
  });

  it.each([
    '',
    ' ',
    '.',
    '+',
    '-',
    'Gi',
    'm',
    '1 Gi',
    ' 1',
    '1Kb',
    '1K',
    '1gi',
    '1mm',
    '1e',
    '1e1.5',
    '1.2.3',
    '--1',
    'NaN',
    '0x1',
    '1'.repeat(200),
  ])('%j is none', (text) => {
    expect(() => parseQuantity(text)).toThrow(QuantityError);
    expect(() => parseQuantity(text)).toThrow(/is not a quantity: write a number with a suffix/);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('%s is none', (value) => {
    expect(() => parseQuantity(value)).toThrow(QuantityError);
  });
});

const limit = (2n ** 63n - 1n) * 10n ** 9n;
const format = fc.constantFrom<QuantityFormat>('DecimalSI', 'BinarySI', 'DecimalExponent');
const quantity = fc.record({ nanos: fc.bigInt({ min: -limit, max: limit }), format });
const round = fc.record({
  nanos: fc
    .tuple(fc.integer(), fc.nat(6))
    .map(([base, power]) => BigInt(base) * 1024n ** BigInt(Math.min(power, 2)) * 10n ** 9n),
  format,
});

describe('for every quantity', () => {
  it('writing and reading gives the same amount, and writing that the same text', () => {
    fc.assert(
      fc.property(fc.oneof(quantity, round), (each) => {
        const text = formatQuantity(each);
        const again = parseQuantity(text);
        expect(again.nanos).toBe(each.nanos);
        expect(formatQuantity(again)).toBe(text);
        expect(text).not.toContain('.');
      }),
    );
  });

  it('adding is exact, and subtracting undoes it', () => {
    fc.assert(
      fc.property(quantity, quantity, (a, b) => {
        const sum = addQuantities(a, b);
        expect(sum.nanos).toBe(a.nanos + b.nanos);
        expect(compareQuantities(subtractQuantities(sum, b), a)).toBe(0);
        expect(compareQuantities(a, b) + compareQuantities(b, a)).toBe(0);
      }),
    );
  });

  it('rounding never makes a demand smaller', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 50n }), (nanos) => {
        const each = { nanos, format: 'DecimalSI' as const };
        expect(BigInt(toMillis(each)) * 1_000_000n).toBeGreaterThanOrEqual(nanos);
        expect(BigInt(toUnits(each)) * 1_000_000_000n).toBeGreaterThanOrEqual(nanos);
        expect(BigInt(toMillis(each) - 1) * 1_000_000n).toBeLessThan(nanos === 0n ? 1n : nanos);
      }),
    );
  });

  it('a decimal number means what it says', () => {
    fc.assert(
      fc.property(fc.nat(10 ** 9), fc.nat(999), (whole, thousandths) => {
        const text = `${whole}.${String(thousandths).padStart(3, '0')}`;
        expect(toMillis(parseQuantity(text))).toBe(whole * 1_000 + thousandths);
      }),
    );
  });
});

it('makes quantities of millicores and bytes', () => {
  expect(formatQuantity(quantityOfMillis(250))).toBe('250m');
  expect(formatQuantity(quantityOfBytes(512 * 1024 * 1024))).toBe('512Mi');
});
