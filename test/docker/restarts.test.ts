import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxState } from '../../providers/contract/index.ts';
import { Dockerd, whyNoDockerd } from './dockerd.ts';
import { testEngine } from './engine.ts';
import { forever, Harness, never, shell, temporaryState } from './harness.ts';

const reason = whyNoDockerd();
if (reason !== undefined) console.warn(`skipped: ${reason}`);

/** A dockerd that these tests may stop and start. */
describe.skipIf(reason !== undefined)('restarts', () => {
  let dockerd: Dockerd;
  const before = process.env.DOCKER_HOST;

  beforeAll(async () => {
    dockerd = await Dockerd.start();
    process.env.DOCKER_HOST = dockerd.host;
    const engine = await testEngine();
    if (typeof engine === 'string') throw new Error(engine);
    await engine.close();
  });
  afterAll(async () => {
    if (before === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = before;
    await dockerd.end();
  });

  it('of the engine: what it ended is told, and is started again at the address that it has then', async () => {
    const harness = new Harness('engine-restart');
    try {
      const sandboxes: SandboxState[] = [];
      for (const pod of ['a', 'b', 'c']) sandboxes.push(await harness.sandbox(pod));
      const runs = await Promise.all(
        sandboxes.map((sandbox) => harness.start(sandbox, shell('main', forever))),
      );
      for (const [index, signal] of (['SIGTERM', 'SIGKILL'] as const).entries()) {
        await dockerd.stop(signal);
        await expect(harness.runtime.list(harness.scope, never)).rejects.toMatchObject({ kind: 'Retryable' });
        await dockerd.resume();
        for (const [at, sandbox] of sandboxes.entries()) {
          const run = runs[at];
          if (run === undefined) throw new Error('no run');
          await harness.exit(sandbox, run);
          const again = await harness.start(sandbox, shell('main', `cat /etc/hosts; ${forever}`), index + 1);
          expect(again.state.kind).toBe('running');
          runs[at] = again;
          const now = await harness.until('an address', () => {
            const seen = harness.seen(sandbox);
            return seen?.containers.some(({ id }) => id === again.id) && seen.ips[0] ? seen : undefined;
          });
          const hosts = await harness.log(
            sandbox,
            again,
            { follow: true },
            new RegExp(`\\t${sandbox.owner.name}$`),
          );
          expect(hosts.at(-1)).toBe(`${now.ips[0]}\t${sandbox.owner.name}`);
        }
      }
      expect(await harness.runtime.list(harness.scope, never)).toHaveLength(3);
    } finally {
      await harness.end();
    }
  }, 120_000);

  it('of the daemon: kill -9 in the middle of its work doubles nothing and leaves nothing', async () => {
    const stateDir = temporaryState();
    const pods = ['p0', 'p1', 'p2', 'p3', 'p4'];
    try {
      for (let round = 0; round < 8; round++) {
        const child = spawn(
          process.execPath,
          [path.join(import.meta.dirname, 'daemon.ts'), stateDir, 'killed', ...pods],
          { stdio: ['ignore', 'pipe', 'inherit'] },
        );
        await once(child.stdout, 'data');
        await new Promise((resolve) => setTimeout(resolve, round * 150));
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      const harness = new Harness('killed', {}, stateDir);
      const sandboxes = await Promise.all(pods.map((pod) => harness.sandbox(pod)));
      const first = await Promise.all(
        sandboxes.map((sandbox) => harness.start(sandbox, shell('main', forever))),
      );
      const second = await Promise.all(
        sandboxes.map((sandbox) => harness.start(sandbox, shell('main', forever))),
      );
      expect(second).toEqual(first);
      const listed = await harness.runtime.list(harness.scope, never);
      expect(listed.map(({ owner }) => owner.name).sort()).toEqual(pods);
      expect(listed.map(({ containers }) => containers.length)).toEqual(pods.map(() => 1));
      await harness.removeAll();
      const engine = await testEngine();
      if (typeof engine === 'string') throw new Error(engine);
      expect(await engine.containers({ label: ['burstlet.dev/node=killed'] }, never)).toEqual([]);
      await engine.close();
      await harness.end();
    } finally {
      await rm(stateDir, { recursive: true, force: true });
    }
  }, 120_000);
});
