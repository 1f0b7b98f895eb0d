import assert from 'node:assert/strict';
import type { ProviderErrorKind } from '../errors.ts';
import { ProviderError } from '../errors.ts';

/** The promise rejects with a ProviderError of this kind, and its message says something. */
export async function rejectsAs(kind: ProviderErrorKind, promise: Promise<unknown>): Promise<ProviderError> {
  const error = await promise.then(
    () => assert.fail(`expected ${kind}, but the call succeeded`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ProviderError, `expected a ProviderError, got ${error}`);
  assert.equal(error.kind, kind);
  assert.ok(error.message.trim(), 'the error says nothing');
  return error;
}
