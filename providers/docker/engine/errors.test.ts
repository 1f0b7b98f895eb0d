import { expect, test } from 'vitest';
import { ProviderError } from '../../contract/errors.ts';
import { EngineError, toProviderError } from './errors.ts';

test.each([
  [400, 'invalid mount config', 'InvalidSpec'],
  [401, 'unauthorized', 'AuthFailed'],
  [404, 'No such container', 'NotFound'],
  [409, 'name is in use', 'Retryable'],
  [500, 'server error', 'Retryable'],
  [501, 'not implemented', 'Unsupported'],
  [400, 'write /x: no space left on device', 'Retryable'],
  [400, 'Unknown runtime specified x', 'Retryable'],
])('%i %s is %s', (status, words, kind) => {
  const error = toProviderError(new EngineError(status, words), 'container main', 'CreateContainerError');
  expect(error).toMatchObject({ kind, message: `container main: ${words}`, reason: 'CreateContainerError' });
});

test('what was said already is said as it was', () => {
  const error = new ProviderError('NotFound', 'gone');
  expect(toProviderError(error, 'container main')).toBe(error);
});
