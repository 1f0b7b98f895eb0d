import { expect, test } from 'vitest';
import { expand, expandedNames } from './expansion.ts';

const values = new Map([
  ['A', 'one'],
  ['EMPTY', ''],
  ['B', '$(A)'],
]);

test.each([
  ['plain', 'plain'],
  ['$(A)', 'one'],
  ['x$(A)y$(A)', 'xoneyone'],
  ['$(EMPTY)!', '!'],
  ['$(B)', '$(A)'],
  ['$(UNKNOWN)', '$(UNKNOWN)'],
  ['$$(A)', '$(A)'],
  ['$$$(A)', '$one'],
  ['$$$$(A)', '$$(A)'],
  ['$A', '$A'],
  ['$', '$'],
  ['$(A', '$(A'],
  ['$()', '$()'],
  ['$(A)$', 'one$'],
  ['$x$(A)', '$xone'],
  ['$(A$(A)', '$(A$(A)'],
])('"%s" becomes "%s"', (text, expected) => {
  expect(expand(text, (name) => values.get(name))).toBe(expected);
});

test('the names are those that were looked up', () => {
  expect(expandedNames('$(A) $$(B) $(C)')).toEqual(['A', 'C']);
});
