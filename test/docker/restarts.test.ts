import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxState } from '../../providers/contract/index.ts';
import { testEngine } from './engine.ts';
import { engineKind, isLacking, type RunningEngine } from './engine-kinds.ts';
import { forever, Harness, never, shell, temporaryState } from './harness.ts';
import { Kept, streams } from './stream-ends.ts';

const kind = engineKind();
const reason = kind.whyNone();
if (reason !== undefined) console.warn(`skipped: ${reason}`);

/** An engine that these tests may stop and start. */
describe.skipIf(reason !== undefined)('restarts', () => {
  let own: RunningEngine;
  const before = process.env.DOCKER_HOST;

  beforeAll(async () => {
    own = await kind.start();
    process.env.DOCKER_HOST = own.host;
    const engine = await testEngine();
    if (typeof engine === 'string') throw new Error(engine);
    await engine.close();
  });
  afterAll(async () => {
    if (before === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = before;
    await own.end();
  });

  it.skipIf(isLacking('ends-with-its-containers'))(
    'of the engine: what it ended is told, and is started again at the address that it has then',
    async () => {
      const harness = new Harness('engine-restart');
      try {
        const sandboxes: SandboxState[] = [];
        for (const pod of ['a', 'b', 'c']) sandboxes.push(await harness.sandbox(pod));
        const runs = await Promise.all(
          sandboxes.map((sandbox) => harness.start(sandbox, shell('main', forever))),
        );
        for (const [index, signal] of (['SIGTERM', 'SIGKILL'] as const).entries()) {
          await own.stop(signal);
          await expect(harness.runtime.list(harness.scope, never)).rejects.toMatchObject({
            kind: 'Retryable',
          });
          await own.resume();
          for (const [at, sandbox] of sandboxes.entries()) {
            const run = runs[at];
            if (run === undefined) throw new Error('no run');
            await harness.exit(sandbox, run);
            const again = await harness.start(
              sandbox,
              shell('main', `cat /etc/hosts; ${forever}`),
              index + 1,
            );
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
    },
    120_000,
  );

  it('of the engine: streams of processes are lost, and not ended', async () => {
    const harness = new Harness('streams-restart');
    try {
      const sandbox = await harness.sandbox('pod');
      const run = await harness.start(sandbox, shell('main', forever));
      const kept = new Kept();
      const request = { command: ['sh', '-c', 'echo begun; exec sleep 600'], tty: false };
      const command = harness.runtime.exec(sandbox.id, run.id, request, streams(kept), never);
      const session = harness.runtime.attach(sandbox.id, run.id, {}, never);
      await kept.until(/begun/);
      const outcomes = Promise.allSettled([command, session]);
      await own.stop('SIGKILL');
      for (const outcome of await outcomes)
        expect(outcome).toMatchObject({ status: 'rejected', reason: { kind: 'Retryable' } });
      await own.resume();
    } finally {
      await harness.end();
    }
  }, 120_000);

  it('of the engine, under load: nothing is lost, nothing doubled', async () => {
    const harness = new Harness('load');
    const mark = `under-load-${process.pid}`;
    const pods = Array.from({ length: 6 }, (_, index) => `p${index}`);
    /** As the pod runner does, until it is there. */
    const persistently = async <T>(work: () => Promise<T>): Promise<T> => {
      for (;;) {
        try {
          return await work();
        } catch (error) {
          expect(error).toMatchObject({ kind: 'Retryable' });
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
      }
    };
    try {
      for (const [run, signal] of (['SIGKILL', 'SIGTERM'] as const).entries()) {
        const starting = pods.map(async (pod) => {
          const sandbox = await persistently(() => harness.sandbox(pod));
          return persistently(() => harness.start(sandbox, shell('main', `: ${mark}; ${forever}`), run));
        });
        await harness.until('some to be there', () => pods.some(startedIn(harness, run)) || undefined);
        await own.stop(signal);
        await own.resume();
        const runs = await Promise.all(starting);
        expect(new Set(runs.map(({ id }) => id)).size).toBe(pods.length);
      }
      const listed = await harness.runtime.list(harness.scope, never);
      expect(listed.map(({ owner }) => owner.name).sort()).toEqual(pods);
      for (const { containers } of listed) expect(containers.map(({ run }) => run)).toEqual([0, 1]);
      await harness.removeAll();
      // The engine itself may have forgotten what it was starting when it was killed.
      await expect.poll(() => processesWith(mark), { timeout: 30_000 }).toEqual([]);
    } finally {
      await harness.end();
    }
  }, 240_000);

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

/** Processes on this machine that have this in their command line. */
function processesWith(mark: string): string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'latin1').includes(mark);
    } catch {
      return false;
    }
  });
}

/** Whether a run of the Pod was told of. */
function startedIn(harness: Harness, run: number): (pod: string) => boolean {
  return (pod) => harness.known(pod)?.containers.some((container) => container.run === run) ?? false;
}
