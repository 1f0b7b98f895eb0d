import { defineConfig } from 'vitest/config';

/** The suites that need a running engine; `node test/docker/run.ts` starts one for them where it can. */
export default defineConfig({
  test: {
    include: ['test/docker/**/*.test.ts'],
    isolate: false,
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
