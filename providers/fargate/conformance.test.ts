import { describe, it } from 'vitest';
import { providerConformance } from '../contract/conformance/index.ts';
import { fargateHarness } from './testing/harness.ts';

describe.concurrent.each(['none', 'secretsmanager'] as const)(
  'the fargate provider conforms with the secret store %s',
  (secretStore) => {
    // Commands know nothing of where secrets are kept.
    const cases = providerConformance(fargateHarness({ secretStore })).filter(
      ({ name }) => secretStore === 'none' || !name.startsWith('exec:'),
    );
    for (const { name, skip, run } of cases)
      it.skipIf(skip)(name, { timeout: 120_000 }, async (test) => {
        const reason = await run();
        test.skip(reason !== undefined, reason);
      });
  },
);
