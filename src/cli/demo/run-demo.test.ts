import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../telemetry/clock.ts';
import { type Log, silentLog } from '../../telemetry/log.ts';
import { parseManifests } from '../manifests/parse-manifests.ts';
import { readManifests } from '../manifests/read-manifests.ts';
import { examplesFolder } from './examples-folder.ts';
import { type DemoOutcome, runDemo } from './run-demo.ts';

const namespace = 'apiVersion: v1\nkind: Namespace\nmetadata: { name: demo }\n';
const server = `apiVersion: v1
kind: Pod
metadata: { name: server, namespace: demo }
spec:
  automountServiceAccountToken: false
  containers: [{ name: c, image: burstlet.dev/host, command: [sleep, '600'] }]
`;

const choice = { provider: 'process', options: {}, why: 'it is wanted', leave: async () => undefined };

interface Run {
  readonly outcome: DemoOutcome;
  readonly written: string;
}

/** Runs a demo of these manifests; `until` sees everything that was written so far and ends it. */
async function run(text: string, until: (written: string) => boolean): Promise<Run> {
  const controller = new AbortController();
  let written = '';
  const output = {
    write(more: string) {
      written += more;
      if (until(written)) controller.abort();
    },
  };
  const { manifests } = parseManifests(text, 'f');
  const deps = { clock: systemClock, random: Math.random, log: silentLog, version: '0.0.0', output };
  const outcome = await runDemo({ manifests, choice, exit: false }, deps, controller.signal);
  return { outcome, written };
}

/** Folders of this process; other demos may run beside. */
async function folders(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith('burstlet-demo-'));
}

describe('a demo', () => {
  test('runs until it is interrupted, and leaves nothing', async () => {
    const { outcome, written } = await run(`${namespace}---\n${server}`, (text) =>
      text.includes('1/1 ready'),
    );
    expect(outcome).toBe('interrupted');
    const folder = /KUBECONFIG=(.*)\/kubeconfig/.exec(written)?.[1] ?? '';
    expect(folder).toContain('burstlet-demo-');
    expect(await folders()).not.toContain(folder.split('/').at(-1));
  });

  test('can be interrupted before it has begun', async () => {
    const { outcome } = await run(namespace, (text) => text.includes('KUBECONFIG'));
    expect(outcome).toBe('interrupted');
  });

  test.each([
    ['before it starts', undefined],
    ['while it starts', 'the node is registered'],
  ])('that is interrupted %s goes no further, and leaves nothing', async (_, atMessage) => {
    const parent = await mkdtemp(path.join(tmpdir(), 'burstlet-parent-'));
    vi.stubEnv('TMPDIR', parent);
    const controller = new AbortController();
    if (atMessage === undefined) controller.abort();
    const said: string[] = [];
    const log: Log = {
      ...silentLog,
      info: (_fields, message) => {
        said.push(message);
        if (message === atMessage) controller.abort();
      },
    };
    let written = '';
    const output = { write: (more: string) => (written += more) };
    const deps = { clock: systemClock, random: Math.random, log, version: '0.0.0', output };
    try {
      const outcome = await runDemo({ manifests: [], choice, exit: false }, deps, controller.signal);
      expect([outcome, written]).toEqual(['interrupted', '']);
      expect(said.at(-1)).toBe(atMessage);
      expect(await readdir(parent)).toEqual([]);
    } finally {
      vi.unstubAllEnvs();
      await rm(parent, { recursive: true });
    }
  });

  test.each([
    [
      'apiVersion: v1\nkind: Widget\nmetadata: { name: w }\n',
      'f:5: the development cluster has no Widget of v1',
    ],
    [server.replace('name: c', 'name: C'), /f:5: .*spec.containers\[0\].name: Invalid value: "C"/],
  ])(
    'ends with file and line at a manifest that cannot be applied, and leaves nothing',
    async (text, message) => {
      let written = '';
      const failing = run(`${namespace}---\n${text}`, (all) => {
        written = all;
        return false;
      });
      await expect(failing).rejects.toThrow(message);
      const name = /(burstlet-demo-\w+)\/kubeconfig/.exec(written)?.[1];
      expect(name).toBeDefined();
      expect(await folders()).not.toContain(name);
    },
  );
});

test('the examples are found and can be read', async () => {
  const manifests = await readManifests([examplesFolder()]);
  expect(manifests[0]?.object.kind).toBe('Namespace');
});
