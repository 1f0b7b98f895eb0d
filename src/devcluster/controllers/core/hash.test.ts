import { expect, it } from 'vitest';
import { freeHash, safeHash, sameJson } from './hash.ts';

it('is the same for the same content, in letters that fit into names and make no words', () => {
  const hash = safeHash({ a: 1, b: [{ c: 'x', d: null }] });
  expect(safeHash({ b: [{ c: 'x' }], a: 1 })).toBe(hash);
  expect(safeHash({ a: 2, b: [{ c: 'x' }] })).not.toBe(hash);
  expect(hash).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
});

it('finds another hash when a name is taken', () => {
  const first = safeHash('template');
  expect(freeHash('template', (hash) => hash === first)).not.toBe(first);
});

it('takes a null for an absent field, but not for an empty one', () => {
  expect(sameJson({ at: null, x: 1 }, { x: 1 })).toBe(true);
  expect(sameJson({ emptyDir: {} }, {})).toBe(false);
});
