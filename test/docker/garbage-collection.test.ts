import { afterAll, describe, expect, it } from 'vitest';
import { hasStatus } from '../../providers/docker/engine/errors.ts';
import { FakeClock } from '../../src/telemetry/fake-clock.ts';
import { testEngine } from './engine.ts';
import { container, Harness, never, temporaryState } from './harness.ts';
import { busyboxImage, busyboxRoot } from './image.ts';
import { FakeRegistry } from './registry.ts';

const engine = await testEngine();
afterAll(() => (typeof engine === 'string' ? undefined : engine.close()));

describe.skipIf(typeof engine === 'string')('image garbage collection', () => {
  it('removes what was pulled for Pods once nothing uses it, and nothing else', async () => {
    if (typeof engine === 'string') return;
    const registry = new FakeRegistry(await busyboxRoot());
    const host = await registry.listen();
    const clock = new FakeClock(Date.now());
    // A disk is always fuller than this.
    const options = { imageGarbageCollection: { highThresholdPercent: 2, lowThresholdPercent: 1 } };
    const harness = new Harness(`collection-${process.pid}`, options, temporaryState(), clock);
    const image = `${host}/public/app:1`;
    const isThere = (name: string): Promise<boolean> =>
      engine.image(name, never).then(
        () => true,
        (error: unknown) => !hasStatus(error, 404),
      );
    const later = async (): Promise<void> => {
      for (let minutes = 0; minutes < 12; minutes++) {
        await clock.advance(60_000);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    try {
      const { name: username, password } = registry.user;
      const registryCredentials = [{ server: host, username, password }];
      const sandbox = await harness.sandbox('pod', { registryCredentials });
      const run = await harness.start(sandbox, { ...container('main'), image });
      await harness.exit(sandbox, run);
      await later();
      expect(await isThere(image)).toBe(true);
      await harness.runtime.removeContainer(sandbox.id, run.id, never);
      await expect.poll(() => later().then(() => isThere(image)), { timeout: 40_000 }).toBe(false);
      expect(await isThere(busyboxImage)).toBe(true);
    } finally {
      await harness.end();
      await registry.close();
    }
  });
});
