import { expect, test } from 'vitest';
import { tolerates } from './node-fit.ts';

const taint = { key: 'drain', value: 'soon', effect: 'NoExecute' };

test.each([
  [{ operator: 'Exists' }, true],
  [{ key: 'drain', operator: 'Exists' }, true],
  [{ key: 'drain', operator: 'Exists', effect: 'NoExecute' }, true],
  [{ key: 'drain', operator: 'Exists', effect: 'NoSchedule' }, false],
  [{ key: 'drain', operator: 'Equal', value: 'soon' }, true],
  [{ key: 'drain', value: 'soon' }, true],
  [{ key: 'drain' }, false],
  [{ key: 'drain', value: 'later' }, false],
  [{ key: 'other', operator: 'Exists' }, false],
  [{ operator: 'Equal', value: 'soon' }, false],
  [{ key: 'drain', operator: 'Gt', value: 'soon' }, false],
])('%j tolerates it: %s', (toleration, expected) => {
  expect(tolerates([toleration], taint)).toBe(expected);
});
