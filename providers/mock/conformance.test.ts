import { describe, it } from 'vitest';
import { providerConformance } from '../contract/conformance/index.ts';
import { mockHarness } from './testing/harness.ts';

describe.concurrent('the mock provider conforms', () => {
  for (const { name, skip, run } of providerConformance(mockHarness()))
    it.skipIf(skip)(name, async (test) => {
      const reason = await run();
      test.skip(reason !== undefined, reason);
    });
});
