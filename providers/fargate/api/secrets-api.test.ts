import type { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { expect, test } from 'vitest';
import { wallClock } from '../../contract/index.ts';
import { Budgets } from './budgets.ts';
import { SecretsApi } from './secrets-api.ts';

test('an answer that quotes what it refuses shows no secret', async () => {
  const value = 'correct-horse';
  const refusal = Object.assign(new Error(`Value '${value}' at 'secretString' failed`), {
    name: 'ValidationException',
  });
  const secrets: Pick<SecretsManager, 'createSecret'> = { createSecret: () => Promise.reject(refusal) };
  const api = new SecretsApi({
    secrets: secrets as SecretsManager,
    budgets: new Budgets(wallClock),
    place: { region: 'us-east-1', cluster: 'burst' },
  });
  const secret = { name: 'a', version: 'b', text: JSON.stringify({ v0: value }), tags: {} };
  const error: unknown = await api.create(secret, AbortSignal.timeout(5000)).catch((thrown) => thrown);
  expect(error).toMatchObject({ kind: 'InvalidSpec' });
  expect(error).not.toHaveProperty('cause');
  expect(String(error)).toContain('CreateSecret: refused');
  expect(String(error)).not.toContain(value);
});
