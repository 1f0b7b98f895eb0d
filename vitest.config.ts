import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{src,providers,test/integration,scripts}/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    dangerouslyIgnoreUnhandledErrors: false,
  },
});
