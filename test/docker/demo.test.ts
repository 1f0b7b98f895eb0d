import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../providers/docker/engine/engine.ts';
import { runtimeImage } from '../../src/cli/wiring/choose-provider.ts';
import { testEngine } from './engine.ts';
import { engineKind, type RunningEngine } from './engine-kinds.ts';
import { never } from './harness.ts';
import { ensureNodeImage } from './node-image.ts';

const kind = engineKind();
const reason = kind.whyNone();
if (reason !== undefined) console.warn(`skipped: ${reason}`);
const main = path.resolve(import.meta.dirname, '../../src/cli/main.ts');
const run = promisify(execFile);

/** On an engine of its own: what is there, and what is left, is to be known to the last image. */
describe.skipIf(reason !== undefined)('the demo', () => {
  let own: RunningEngine;
  let engine: Engine;
  let folder: string;
  const before = process.env.DOCKER_HOST;
  const environment = (): Record<string, string | undefined> => ({
    PATH: process.env.PATH,
    HOME: folder,
    TMPDIR: folder,
    DOCKER_HOST: own.host,
  });

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'burstlet-docker-demo-'));
    own = await kind.start();
    process.env.DOCKER_HOST = own.host;
    const connected = await testEngine();
    if (typeof connected === 'string') throw new Error(connected);
    engine = connected;
  });
  afterAll(async () => {
    if (before === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = before;
    await engine?.close();
    await own.end();
    await rm(folder, { recursive: true, force: true });
  });

  async function left(): Promise<unknown> {
    const [containers, { Volumes }, files] = await Promise.all([
      engine.containers({}, never),
      engine.volumes({}, never),
      readdir(folder),
    ]);
    const sandboxes = await engine.image('burstlet.dev/sandbox:2', never).catch(() => undefined);
    return { containers, volumes: Volumes ?? [], files, sandboxes };
  }
  const nothing = { containers: [], volumes: [], files: [], sandboxes: undefined };

  it('runs as processes where the engine has no image and no registry', async () => {
    const { stdout } = await run(process.execPath, [main, 'demo', '--exit'], { env: environment() });
    expect(stdout).toMatch(
      /^Provider process: the engine \S+ at \S+ has no image node:24-alpine and cannot pull it: .+\.$/m,
    );
    expect(stdout).toContain('All as expected');
    expect(await left()).toEqual(nothing);
  }, 120_000);

  it('runs in containers where the image is there, clears up after one that was killed, and leaves nothing', async () => {
    const [repository = '', tag = ''] = runtimeImage.split(':');
    await ensureNodeImage(engine, { repository, tag });
    const killed = spawn(process.execPath, [main, 'demo'], {
      env: environment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    for await (const text of killed.stdout.setEncoding('utf8')) {
      output += text;
      if (/pod\/web\S+: Running, 1\/1/.test(output)) break;
    }
    killed.kill('SIGKILL');
    if (killed.exitCode === null && killed.signalCode === null) await once(killed, 'exit');
    expect(output).toContain(`image ${runtimeImage} is there.`);
    expect((await engine.containers({}, never)).length).toBeGreaterThan(1);

    const { stdout } = await run(process.execPath, [main, 'demo', '--exit'], { env: environment() });
    expect(stdout).toMatch(/^Provider docker: engine \S+ at \S+, image node:24-alpine is there\.$/m);
    expect(stdout).toContain('All as expected');
    expect(await left()).toEqual(nothing);
  }, 180_000);
});
