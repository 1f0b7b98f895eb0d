import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { eventually } from '../../test/support/eventually.ts';
import { startControlPlane } from './control-plane.ts';

/** The real programs are run by test/e2e; here scripts stand in for them. */
let folder: string;
let assets: string;
let temporary: string | undefined;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'burstlet-test-'));
  assets = path.join(folder, 'assets');
  await mkdir(assets);
  await mkdir(path.join(folder, 'tmp'));
  temporary = process.env.TMPDIR;
  process.env.TMPDIR = path.join(folder, 'tmp');
});
afterEach(async () => {
  if (temporary === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = temporary;
  await rm(folder, { recursive: true, force: true });
});

async function program(name: string, script: string): Promise<void> {
  await writeFile(path.join(assets, name), `#!/bin/sh\n${script}\n`);
  await chmod(path.join(assets, name), 0o755);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

it('a folder without the programs is refused by their names', async () => {
  await program('etcd', 'exit 0');
  await expect(startControlPlane({ assets })).rejects.toThrow(
    'has no program kube-apiserver, kube-controller-manager, kube-scheduler',
  );
});

it('a program that ends is told of with what it wrote, and nothing is left', async () => {
  const pidFile = path.join(folder, 'pid');
  await program('etcd', `echo $$ > ${pidFile}; exec sleep 600`);
  await program('kube-apiserver', 'echo no such flag >&2; exit 3');
  for (const name of ['kube-controller-manager', 'kube-scheduler']) await program(name, 'exec sleep 600');
  await expect(startControlPlane({ assets })).rejects.toThrow('kube-apiserver ended with 3:\nno such flag');
  expect(isAlive(Number(await readFile(pidFile, 'utf8')))).toBe(false);
  expect(await readdir(path.join(folder, 'tmp'))).toEqual([]);
});

it('its guard ends what is watched, and removes the folder, when the process is killed', async () => {
  const doomed = path.join(folder, 'doomed');
  await mkdir(doomed);
  const guard = JSON.stringify(path.join(import.meta.dirname, 'guard.ts'));
  const script = `
    import { spawn } from 'node:child_process';
    import { startGuard } from ${guard};
    const { pid } = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    startGuard(${JSON.stringify(doomed)}).watch([pid]);
    console.log(pid);
    setInterval(() => {}, 1000);
  `;
  const owner = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [printed] = await once(owner.stdout, 'data');
  const pid = Number(String(printed));
  expect(isAlive(pid)).toBe(true);
  owner.kill('SIGKILL');
  await eventually(() => !isAlive(pid));
  await eventually(() =>
    access(doomed).then(
      () => false,
      () => true,
    ),
  );
});
