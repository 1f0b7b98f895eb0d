import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ObjectKey } from '../../src/kube/client.ts';
import { loadClusterAccess } from '../../src/kube/cluster-access.ts';
import { isNotFound } from '../../src/kube/errors.ts';
import { leases, nodes, pods, type Resource } from '../../src/kube/resources.ts';
import { createKubeClient } from '../../src/kube/rest-client.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import { systemClock as clock } from '../../src/telemetry/clock.ts';
import { silentLog as log } from '../../src/telemetry/log.ts';
import { eventually } from '../support/eventually.ts';
import { connectTo, startTestApi, type TestApi } from '../support/test-api.ts';
import { openTestCluster, type TestCluster } from '../support/test-cluster.ts';

const main = path.resolve(import.meta.dirname, '../../src/cli/main.ts');
const guide = path.resolve(import.meta.dirname, '../../docs/guides/write-a-provider.md');

interface Command {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Exit code; the name of the signal when that ended it. */
  readonly ended: Promise<number | string>;
}

let folder: string;
const commands = new Set<Command>();

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'burstlet-cli-'));
});
afterAll(async () => {
  for (const { child, ended } of commands) {
    child.kill('SIGKILL');
    await ended;
  }
  await rm(folder, { recursive: true, force: true });
});

function burstlet(...args: string[]): Command {
  const cache = path.join(folder, 'compiled');
  const env = { PATH: process.env.PATH, HOME: folder, TMPDIR: folder, NODE_COMPILE_CACHE: cache };
  const child = spawn(process.execPath, [main, ...args], { cwd: folder, env });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const ended = new Promise<number | string>((resolve) => {
    child.on('close', (code, signal) => resolve(code ?? signal ?? 'nothing'));
  });
  const command = { child, ended, output: () => output };
  commands.add(command);
  return command;
}

describe('what cannot be right ends with 2 and says so', { concurrent: true }, () => {
  // Once: the cases run at the same time.
  beforeAll(async () => {
    const wrong =
      'apiVersion: burstlet.dev/v1alpha1\nkind: Config\nnodes:\n  - name: a\n    flavour: sweet\n    provider: mock\n';
    await writeFile(path.join(folder, 'wrong.yaml'), wrong);
    await writeFile(
      path.join(folder, 'options.yaml'),
      wrong.replace('flavour: sweet', 'options: { sed: 1 }'),
    );
    await writeFile(path.join(folder, 'broken.mjs'), 'const x = ;');
    await mkdir(path.join(folder, 'full'), { recursive: true });
    await writeFile(path.join(folder, 'full', 'diary.txt'), 'mine');
  });

  it.each<[string, string[], RegExp]>([
    [
      'an option that there is not',
      ['run', '--provder', 'mock'],
      /unknown option '--provder'.*Did you mean --provider/s,
    ],
    ['no such kubeconfig', ['run', '--provider', 'mock', '--kubeconfig', 'nowhere'], /nowhere/],
    [
      'a wrong key in the file',
      ['run', '--config', 'wrong.yaml'],
      /^burstlet: wrong\.yaml:5.*nodes.*flavour/,
    ],
    [
      'no such file',
      ['run', '--config', 'gone.yaml'],
      /--config gone\.yaml cannot be read: there is no such/,
    ],
    [
      'wrong options of a provider in the file',
      ['run', '--config', 'options.yaml'],
      /^burstlet: options\.yaml: node a: provider mock: provider\.options\.sed: there is no such option/,
    ],
    [
      'a provider that does not parse',
      ['run', '--provider', './broken.mjs', '--state-dir', 'broken'],
      /broken\.mjs.*a syntax error/,
    ],
    [
      'no place for the kubeconfig',
      ['dev', '--state-dir', 'unborn', '--kubeconfig', 'none/file'],
      /--kubeconfig .* cannot be written/,
    ],
    ['a folder with other things in it', ['dev', '--state-dir', 'full'], /full: it is not empty/],
  ])('%s', async (_, args, message) => {
    const { ended, output } = burstlet(...args);
    expect([await ended, output()]).toEqual([2, expect.stringMatching(message)]);
    expect(await readFile(path.join(folder, 'full', 'diary.txt'), 'utf8')).toBe('mine');
  });
});

describe('burstlet run', () => {
  let api: TestApi<TestCluster>;
  let mark: string;
  beforeAll(async () => {
    api = connectTo(await openTestCluster());
    await api.cluster.writeKubeconfig(path.join(folder, 'kubeconfig'));
  });
  afterAll(() => api.close());

  const run = (...more: string[]): Command =>
    burstlet(
      ...[
        'run',
        '--kubeconfig',
        'kubeconfig',
        '--provider',
        'process',
        '--node-name',
        'n',
        '--state-dir',
        'state',
      ],
      ...['--listen', '127.0.0.1:0', '--log-level', 'error', ...more],
    );
  const find = <T extends KubeObject>(resource: Resource<T>, key: ObjectKey): Promise<T | undefined> =>
    api.client.get(resource, key).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
      return undefined;
    });
  const key = { name: 'p', namespace: 'default' };
  const read = () => find(pods, key);
  const status = async () => (await read())?.status?.containerStatuses?.[0];
  const remove = (gracePeriodSeconds: number) => api.client.delete(pods, key, { gracePeriodSeconds });

  /** A Pod that sleeps, known among all processes by the time that it wants to. */
  async function pod(script: (sleep: string) => string): Promise<void> {
    mark = `sleep ${randomInt(100_000, 999_999)}`;
    const container = { name: 'main', image: 'burstlet.dev/host', command: ['sh', '-c', script(mark)] };
    const spec = { nodeName: 'n', automountServiceAccountToken: false, containers: [container] };
    await api.client.create(pods, { metadata: key, spec });
  }

  /** Its processes. */
  async function alive(): Promise<number[]> {
    const found: number[] = [];
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (line.replaceAll('\0', ' ').startsWith(mark)) found.push(Number(pid));
    }
    return found;
  }

  it('ends with SIGTERM at once and leaves its instances; the next one takes them over', async () => {
    await pod((sleep) => `exec ${sleep}`);
    const first = run();
    await eventually(async () => (await status())?.state?.running);
    const before = await status();
    const [pid] = await eventually(async () => ((await alive()).length === 1 ? alive() : undefined));
    first.child.kill('SIGTERM');
    expect([await first.ended, first.output()]).toEqual([0, '']);
    expect(await alive()).toEqual([pid]);
    const second = run();
    await remove(5);
    await eventually(async () => (await read()) === undefined);
    expect(await alive()).toEqual([]);
    expect(before?.restartCount).toBe(0);
    second.child.kill('SIGTERM');
    expect([await second.ended, second.output()]).toEqual([0, '']);
  });

  it('drains and removes its node when it is told to deregister; a second signal ends that', async () => {
    await pod((sleep) => `trap '' TERM; ${sleep} & while true; do wait; done`);
    const first = run('--deregister');
    await eventually(async () => (await status())?.state?.running);
    first.child.kill('SIGTERM');
    await eventually(async () => (await read())?.metadata?.deletionTimestamp);
    expect((await find(nodes, { name: 'n' }))?.spec).toMatchObject({ unschedulable: true });
    // Sooner it would be taken for the echo of the first.
    const since = Date.now();
    await eventually(() => Date.now() - since > 600);
    first.child.kill('SIGTERM');
    expect(await first.ended).toBe(143);
    expect(await alive()).toHaveLength(1);
    const second = run('--deregister');
    await eventually(() => find(nodes, { name: 'n' }));
    await remove(1);
    await eventually(async () => (await read()) === undefined);
    await eventually(async () => (await alive()).length === 0);
    second.child.kill('SIGTERM');
    expect([await second.ended, second.output()]).toEqual([0, '']);
    expect(await find(nodes, { name: 'n' })).toBeUndefined();
    expect(await find(leases, { namespace: 'kube-node-lease', name: 'n' })).toBeUndefined();
  });

  it('says who else may hold its port', async () => {
    const { host } = new URL(api.cluster.url);
    const { ended, output } = run('--node-name', 'other', '--listen', host);
    expect([await ended, output()]).toEqual([
      2,
      expect.stringContaining('another daemon may serve this node'),
    ]);
  });

  it('can be ended while it waits for an API server', async () => {
    const gone = await startTestApi();
    await gone.cluster.writeKubeconfig(path.join(folder, 'gone'));
    await gone.close();
    const command = run('--kubeconfig', 'gone', '--log-level', 'warn');
    await eventually(() => command.output().includes('trying again'));
    command.child.kill('SIGTERM');
    expect(await command.ended).toBe(0);
  });
});

it('burstlet dev runs a Pod on the one-file provider of the guide, and leaves nothing behind', async () => {
  const text = await readFile(guide, 'utf8');
  const code = /^```js\n(\/\/ toy-provider\.js\n[\s\S]*?)^```$/m.exec(text)?.[1];
  // Alone in a folder, without a package.
  const here = path.join(folder, 'toy');
  await mkdir(here);
  await writeFile(path.join(here, 'toy-provider.mjs'), code ?? '');
  const dev = burstlet(
    ...[
      'dev',
      '--provider',
      './toy/toy-provider.mjs',
      '--state-dir',
      'dev',
      '--kubeconfig',
      'dev-kubeconfig',
    ],
  );
  await eventually(() => dev.output().includes('The cluster is ready'));
  expect(await readFile(path.join(folder, 'dev-kubeconfig'), 'utf8')).toContain('server: https://127.0.0.1:');
  await access(path.join(folder, 'dev'));
  const deps = { clock, log, env: {}, home: folder };
  const found = await loadClusterAccess({ kubeconfig: path.join(folder, 'dev-kubeconfig') }, deps);
  const client = createKubeClient({ ...found, clock, log, random: Math.random });
  const key = { name: 'hello', namespace: 'default' };
  const container = { name: 'main', image: 'none', command: ['sh', '-c', 'echo hello; exit 0'] };
  const spec = { automountServiceAccountToken: false, restartPolicy: 'Never', containers: [container] };
  await client.create(pods, { metadata: key, spec });
  await eventually(async () => (await client.get(pods, key)).status?.phase === 'Succeeded');
  await client.close();
  dev.child.kill('SIGINT');
  expect(await dev.ended).toBe(0);
  await expect(access(path.join(folder, 'dev'))).rejects.toThrow('ENOENT');
});
