import { expect, test } from 'vitest';
import { SharedStrings } from './shared-strings.ts';

test('changes nothing that can be seen, whatever the size of the table', () => {
  const strings = new SharedStrings();
  const make = () => ({
    a: 'x',
    list: ['x', { b: 'y'.repeat(100), n: 1, nothing: null, yes: true }],
    at: 'now',
  });
  for (let round = 0; round < 3; round++) {
    for (let index = 0; index < 10_000; index++) strings.in({ name: `${round}-${index}` });
    expect(strings.in(make())).toEqual(make());
  }
});
