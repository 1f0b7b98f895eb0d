import type { Expectation } from './expectation.ts';
import type { Observed } from './observed.ts';

export function allMet(expectations: readonly Expectation[], seen: Observed): boolean {
  return expectations.every(({ difference }) => difference(seen) === undefined);
}

/** `ok …` or `not ok …` for each. */
export function resultLines(expectations: readonly Expectation[], seen: Observed): readonly string[] {
  return expectations.map(({ subject, expected, difference }) => {
    const observed = difference(seen);
    return observed === undefined
      ? `ok ${subject}: ${expected}`
      : `not ok ${subject}: expected ${expected}; observed ${observed}`;
  });
}
