import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts', 'test/integration/{cli,logs,node-life,outages}.test.ts'],
    globalSetup: 'test/e2e/support/global-setup.ts',
    // One control plane for all of them, and two cores.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
