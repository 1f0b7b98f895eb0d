import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { testEngine } from './engine.ts';
import { isLacking } from './engine-kinds.ts';
import { Harness, never, shell } from './harness.ts';

const engine = await testEngine();
if (typeof engine === 'string') console.warn(`skipped: ${engine}`);

describe.skipIf(typeof engine === 'string')('what the engine measures', () => {
  let harness: Harness;
  beforeAll(() => {
    harness = new Harness('stats');
  });
  afterAll(async () => {
    await harness.end();
    if (typeof engine !== 'string') await engine.close();
  });

  it.skipIf(isLacking('whole-stats'))(
    'is told of each run, and of the network that the runs of a sandbox share',
    async () => {
      const sandbox = await harness.sandbox('measured');
      await harness.start(sandbox, shell('busy', 'while :; do :; done'));
      await harness.start(sandbox, shell('idle', 'exec sleep 600'));
      const one = async () =>
        (await harness.runtime.stats(harness.scope, never)).find(({ sandboxId }) => sandboxId === sandbox.id);
      const stats = await eventually(async () => {
        const found = await one();
        return (found?.containers.find(({ name }) => name === 'busy')?.cpuNanoSeconds ?? 0) > 1e8
          ? found
          : undefined;
      }, 60);
      expect(stats.containers.map(({ name }) => name).toSorted()).toEqual(['busy', 'idle']);
      for (const container of stats.containers) {
        expect(container.memoryUsageBytes).toBeGreaterThanOrEqual(container.memoryWorkingSetBytes);
        expect(container.memoryRssBytes).toBeGreaterThan(0);
      }
      expect(stats.network?.interfaces.map(({ name }) => name)).toEqual(['eth0']);
      expect(stats.network?.interfaces[0]?.rxBytes).toBeGreaterThanOrEqual(0);
    },
  );
});
