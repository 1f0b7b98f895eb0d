import { expect, test } from 'vitest';
import { kernelCapabilities } from './kernel-capabilities.ts';

function of(add: readonly string[], drop: readonly string[]) {
  return kernelCapabilities({ capabilities: { add, drop } });
}

test('what ECS can say is passed on', () => {
  expect(kernelCapabilities({})).toEqual({ add: [], drop: [], impossible: [] });
  expect(of([], ['ALL'])).toEqual({ add: [], drop: ['ALL'], impossible: [] });
  expect(of(['CAP_SYS_PTRACE'], ['NET_RAW'])).toEqual({
    ...{ add: ['SYS_PTRACE'], drop: ['NET_RAW'], impossible: [] },
  });
  expect(of(['SYS_PTRACE'], ['ALL'])).toEqual({ add: ['SYS_PTRACE'], drop: ['ALL'], impossible: [] });
});

test('one of the default set stays when all others are dropped, as web servers ask for it', () => {
  const { add, drop, impossible } = of(['NET_BIND_SERVICE'], ['ALL']);
  expect([add, impossible]).toEqual([[], []]);
  expect(drop).not.toContain('ALL');
  expect(drop).not.toContain('NET_BIND_SERVICE');
  expect(new Set(drop).size).toBe(36);
  expect(drop).toEqual(expect.arrayContaining(['CHOWN', 'NET_RAW', 'SETUID', 'SYS_ADMIN', 'SYS_PTRACE']));
  expect(of(['NET_BIND_SERVICE', 'SYS_PTRACE'], ['ALL'])).toMatchObject({
    add: ['SYS_PTRACE'],
    drop: expect.not.arrayContaining(['SYS_PTRACE']),
  });
});

test('what is added wins, and what is there already need not be', () => {
  expect(of(['CHOWN'], ['CHOWN', 'KILL'])).toEqual({ add: [], drop: ['KILL'], impossible: [] });
  expect(of(['CHOWN'], [])).toEqual({ add: [], drop: [], impossible: [] });
});

test('what Fargate cannot add is named', () => {
  expect(of(['NET_ADMIN', 'ALL', 'KILL'], []).impossible).toEqual(['NET_ADMIN', 'ALL']);
});
