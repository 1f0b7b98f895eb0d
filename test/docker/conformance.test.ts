import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { ConformanceHarness } from '../../providers/contract/conformance/index.ts';
import { providerConformance } from '../../providers/contract/conformance/index.ts';
import { createDockerRuntime } from '../../providers/docker/index.ts';
import { createPodRunner } from '../../src/podrunner/create-pod-runner.ts';
import { systemClock } from '../../src/telemetry/clock.ts';
import { testEngine } from './engine.ts';
import { isLacking } from './engine-kinds.ts';
import { busyboxImage } from './image.ts';

const engine = await testEngine();
if (typeof engine === 'string') console.warn(`skipped: ${engine}`);
afterAll(() => (typeof engine === 'string' ? undefined : engine.close()));

/** Everything of ours at the engine that uses a state folder, told by the containers' labels. */
async function leftAtEngine(): Promise<string[]> {
  if (typeof engine === 'string') return [];
  const signal = AbortSignal.timeout(10_000);
  const label = ['burstlet.dev/namespace=conformance'];
  const containers = await engine.containers({ label }, signal);
  const { Volumes } = await engine.volumes({ label }, signal);
  return [
    ...containers.map(({ Labels, State }) => `${State} container ${JSON.stringify(Labels)}`),
    ...(Volumes ?? []).map(({ Name }) => `volume ${Name}`),
  ];
}

/** The docker provider as the daemon makes it, put through the kit for third parties. */
const harness: ConformanceHarness = {
  image: busyboxImage,
  async backend() {
    const stateDir = await mkdtemp(path.join(tmpdir(), 'burstlet-docker-'));
    return {
      async connect(log) {
        const runtime = createDockerRuntime({ options: {}, log, stateDir });
        return createPodRunner({ runtime, clock: systemClock, random: Math.random, log });
      },
      async leftovers() {
        const folders = await readdir(path.join(stateDir, 'sandboxes')).catch(() => []);
        return folders.map((name) => `folder ${name}`);
      },
      exposed: async () => (await leftAtEngine()).join('\n'),
      close: () => rm(stateDir, { recursive: true, force: true }),
    };
  },
};

/** The case whose lines are less than a second apart. */
const ofTimes = 'logs: tail is counted first, then what is too old is dropped';

describe.skipIf(typeof engine === 'string')('the docker provider keeps the contract', () => {
  describe('case', { concurrent: true }, () => {
    for (const { name, skip, run } of providerConformance(harness))
      it.skipIf(skip !== undefined || (name === ofTimes && isLacking('exact-log-times')))(
        name,
        { timeout: 120_000 },
        async (context) => {
          const reason = await run();
          if (reason !== undefined) context.skip(reason);
        },
      );
  });

  it('and leaves nothing at the engine', async () => {
    expect(await leftAtEngine()).toEqual([]);
  });
});
