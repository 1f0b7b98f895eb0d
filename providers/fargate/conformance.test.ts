import { describe, it } from 'vitest';
import { providerConformance } from '../contract/conformance/index.ts';
import { fargateHarness } from './testing/harness.ts';

describe.concurrent('the fargate provider conforms', () => {
  for (const { name, skip, run } of providerConformance(fargateHarness()))
    it.skipIf(skip)(name, { timeout: 60_000 }, async (test) => {
      const reason = await run();
      test.skip(reason !== undefined, reason);
    });
});
