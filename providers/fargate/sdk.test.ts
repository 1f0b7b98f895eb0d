import { expect, test } from 'vitest';
import { loaded } from './sdk.ts';

test('an SDK that is not installed is said with the way to get it', async () => {
  const missing = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
  await expect(loaded('@aws-sdk/client-ecs', () => Promise.reject(missing))).rejects.toMatchObject({
    kind: 'Unsupported',
    message: 'needs @aws-sdk/client-ecs, which is not installed: npm install @aws-sdk/client-ecs',
  });
});

test('any other fault of its own stays what it is', async () => {
  const broken = new SyntaxError('odd');
  await expect(loaded('@aws-sdk/client-ecs', () => Promise.reject(broken))).rejects.toBe(broken);
});
