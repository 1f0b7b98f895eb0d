import { expect, test } from 'vitest';
import { wallClock } from '../../contract/index.ts';
import { sharedBudgets } from './budgets.ts';

test('the nodes of a process share the budgets of an account and a region', () => {
  const shared = new Map<string, unknown>();
  const of = (region: string, accessKeyId?: string) =>
    sharedBudgets(
      shared,
      { region, ...(accessKeyId !== undefined && { credentials: { accessKeyId, secretAccessKey: 'x' } }) },
      wallClock,
    );
  expect(of('eu-west-1')).toBe(of('eu-west-1'));
  expect(of('eu-west-1')).not.toBe(of('us-east-1'));
  expect(of('eu-west-1')).not.toBe(of('eu-west-1', 'AKIA'));
});
