import { describe, it } from 'vitest';
import { providerConformance } from '../contract/conformance/index.ts';
import { eciHarness } from './testing/harness.ts';

describe.concurrent('the eci provider conforms', () => {
  for (const { name, skip, run } of providerConformance(eciHarness()))
    it.skipIf(skip)(name, { timeout: 120_000 }, async (test) => {
      const reason = await run();
      test.skip(reason !== undefined, reason);
    });
});
