export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

/** An amount of a resource, exact to the billionth, which is as fine as Kubernetes goes. */
export interface Quantity {
  readonly nanos: bigint;
  /** How it was written, which decides how it is written again. */
  readonly format: QuantityFormat;
}

/** The text is not a quantity. */
export class QuantityError extends Error {
  override readonly name = 'QuantityError';
}

const nanosPerUnit = 1_000_000_000n;
const maxNanos = (2n ** 63n - 1n) * nanosPerUnit;
const maxLength = 128;

/** Power of ten of each decimal suffix. */
const decimalSuffixes: ReadonlyMap<string, number> = new Map([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
]);

/** Power of 1024 is the place in this list. */
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

const grammar = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+)|([a-zA-Z]*))$/;

/**
 * Reads a quantity as k8s.io/apimachinery/pkg/api/resource does: finer than a billionth is rounded away from zero,
 * larger than 2^63-1 is capped. A number is taken as YAML authors mean it (`cpu: 2`). Throws QuantityError.
 */
export function parseQuantity(value: string | number): Quantity {
  const text = String(value);
  const match = text.length <= maxLength ? grammar.exec(text) : null;
  if (match === null) throw notQuantity(text);
  const [, sign = '', whole = '', fraction = '', exponent, suffix = ''] = match;
  if (whole === '' && fraction === '') throw notQuantity(text);
  const mantissa = BigInt(whole + fraction);
  const binary = exponent === undefined ? binarySuffixes.indexOf(suffix) : 0;
  const decimal = exponent === undefined ? decimalSuffixes.get(suffix) : Number(exponent);
  let nanos: bigint;
  let format: QuantityFormat;
  if (binary > 0) {
    nanos = scaleByTen(mantissa * 1024n ** BigInt(binary), 9 - fraction.length);
    format = 'BinarySI';
  } else {
    if (decimal === undefined) throw notQuantity(text);
    nanos = scaleByTen(mantissa, 9 + decimal - fraction.length);
    format = exponent === undefined ? 'DecimalSI' : 'DecimalExponent';
  }
  if (nanos > maxNanos) nanos = maxNanos;
  return { nanos: sign === '-' ? -nanos : nanos, format };
}

/** The canonical text: no fraction, the largest suffix that loses nothing. */
export function formatQuantity({ nanos, format }: Quantity): string {
  if (nanos === 0n) return '0';
  const units = nanos / nanosPerUnit;
  const isWhole = nanos % nanosPerUnit === 0n;
  // Below 1024, and with a fraction, powers of two would say less.
  if (format === 'BinarySI' && isWhole && abs(units) >= 1024n) {
    let amount = units;
    let power = 0;
    while (amount % 1024n === 0n && power < binarySuffixes.length - 1) {
      amount /= 1024n;
      power++;
    }
    return `${amount}${binarySuffixes[power]}`;
  }
  let amount = nanos;
  let exponent = -9;
  while (amount % 1000n === 0n && exponent < 18) {
    amount /= 1000n;
    exponent += 3;
  }
  return `${amount}${decimalSuffix(exponent, format)}`;
}

export function addQuantities(a: Quantity, b: Quantity): Quantity {
  // As in Kubernetes: nothing takes the format of what is added to it.
  return { nanos: a.nanos + b.nanos, format: a.nanos === 0n ? b.format : a.format };
}

export function subtractQuantities(a: Quantity, b: Quantity): Quantity {
  return addQuantities(a, { ...b, nanos: -b.nanos });
}

/** Negative, 0 or positive. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0;
}

/** Thousandths, rounded away from zero: the unit of CPU. Exact below 2^53. */
export function toMillis(quantity: Quantity): number {
  return Number(divideAwayFromZero(quantity.nanos, 1_000_000n));
}

/** Whole units, rounded away from zero: the unit of memory, storage and counts. Exact below 2^53. */
export function toUnits(quantity: Quantity): number {
  return Number(divideAwayFromZero(quantity.nanos, nanosPerUnit));
}

export function quantityOfMillis(millis: number): Quantity {
  return { nanos: BigInt(millis) * 1_000_000n, format: 'DecimalSI' };
}

export function quantityOfBytes(bytes: number): Quantity {
  return { nanos: BigInt(bytes) * nanosPerUnit, format: 'BinarySI' };
}

function scaleByTen(mantissa: bigint, power: number): bigint {
  if (mantissa === 0n) return 0n;
  // Far past both ends: the caps would do the same, after gigabytes of digits.
  if (power > 60) return maxNanos;
  if (power < -2 * maxLength) return 1n;
  return power >= 0 ? mantissa * 10n ** BigInt(power) : divideAwayFromZero(mantissa, 10n ** BigInt(-power));
}

function divideAwayFromZero(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  if (value % by === 0n) return quotient;
  return value > 0n ? quotient + 1n : quotient - 1n;
}

function decimalSuffix(exponent: number, format: QuantityFormat): string {
  if (format === 'DecimalExponent') return exponent === 0 ? '' : `e${exponent}`;
  for (const [suffix, power] of decimalSuffixes) if (power === exponent) return suffix;
  return '';
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function notQuantity(text: string): QuantityError {
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  return new QuantityError(
    `"${shown}" is not a quantity: write a number with a suffix, such as 500m, 2 or 1.5Gi`,
  );
}
