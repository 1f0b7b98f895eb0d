import { describe, expect, it } from 'vitest';
import { ProviderError, providerErrorKind } from './errors.ts';

/** A second copy of the module, as a provider has that was installed beside its own copy of the package. */
async function otherCopy(): Promise<typeof import('./errors.ts')> {
  return import(`${new URL('./errors.ts', import.meta.url).href}?copy`);
}

describe('ProviderError', () => {
  it('is known across two copies of the package', async () => {
    const other = await otherCopy();
    expect(other.ProviderError).not.toBe(ProviderError);
    const foreign: unknown = new other.ProviderError('OutOfStock', 'none left', { offer: 'spot' });
    expect(foreign instanceof ProviderError).toBe(true);
    expect(providerErrorKind(foreign)).toBe('OutOfStock');
    expect(other.providerErrorKind(new ProviderError('NotFound', 'no such'))).toBe('NotFound');
  });

  it('takes nothing else for one', () => {
    const look = Object.assign(new Error('x'), { name: 'ProviderError', kind: 'NotFound' });
    for (const value of [look, new Error('x'), { kind: 'NotFound' }, 'NotFound', null, undefined, 4]) {
      expect(value instanceof ProviderError).toBe(false);
      expect(providerErrorKind(value)).toBe('Retryable');
    }
  });

  it('carries its details and its cause', () => {
    const cause = new Error('socket hang up');
    const error = new ProviderError('Throttled', 'slow down', { retryAfterMs: 1500, cause });
    expect(error).toMatchObject({
      name: 'ProviderError',
      kind: 'Throttled',
      retryAfterMs: 1500,
      field: undefined,
      cause,
    });
    expect(error).toBeInstanceOf(Error);
  });
});
