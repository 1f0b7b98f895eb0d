import { expect, test } from 'vitest';
import { negotiate } from './version.ts';

const linux = { Os: 'linux', Arch: 'amd64' };

test.each([
  ['1.40', '1.12', '1.40'],
  ['1.41', '1.12', '1.41'],
  ['1.44', '1.24', '1.44'],
  ['1.47', '1.24', '1.44'],
  ['1.52', '1.44', '1.44'],
  ['1.60', '1.50', '1.50'],
  ['1.100', '1.24', '1.44'],
])('an engine of %s (least %s) is spoken to in %s', (ApiVersion, MinAPIVersion, agreed) => {
  expect(negotiate({ ...linux, ApiVersion, MinAPIVersion }, 'it')).toBe(agreed);
});

test('an engine that is too old, or has no Linux, is refused', () => {
  expect(() => negotiate({ ...linux, ApiVersion: '1.39' }, 'it')).toThrow(
    '1.40 (Docker 19.03) or later is needed',
  );
  expect(() => negotiate({ ...linux, ApiVersion: 'new' }, 'it')).toThrow('API version new');
  expect(() => negotiate({ Os: 'windows', Arch: 'amd64', ApiVersion: '1.44' }, 'it')).toThrow(
    'windows containers',
  );
});
