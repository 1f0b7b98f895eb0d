import { defineConfig } from 'vitest/config';

/** These start a control plane of their own: they run beside the others, who share one. */
const apart = ['certificates', 'api-restart', 'metrics'].map((name) => `test/e2e/${name}.test.ts`);
const isApart = process.env.BURSTLET_E2E_PART === 'apart';

export default defineConfig({
  test: {
    include: isApart
      ? apart
      : ['test/e2e/**/*.test.ts', 'test/integration/{cli,logs,node-life,outages}.test.ts'],
    exclude: isApart ? [] : apart,
    ...(isApart ? {} : { globalSetup: 'test/e2e/support/global-setup.ts' }),
    // One control plane for all of them, and two cores.
    fileParallelism: false,
    // Of the files that were named, all may belong to the other part.
    passWithNoTests: true,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
