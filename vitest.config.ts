import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{src,providers,test/fakes,test/integration,test/oracle,test/crash,scripts}/**/*.test.ts'],
    // No module holds state, so files can share a worker: a third of the time of the whole suite.
    isolate: false,
    // Much of the time is waiting for processes and sockets: as many workers as two cores would get leave them idle.
    maxWorkers: 3,
    // For what hangs; on a busy machine much takes ten times as long.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    dangerouslyIgnoreUnhandledErrors: false,
  },
});
