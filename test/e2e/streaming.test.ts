import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pods } from '../../src/kube/resources.ts';
import { eventually } from '../support/eventually.ts';
import { bulk, bulkDigest, Digest } from './streaming/bulk.ts';
import { type Camp, pitch } from './streaming/camp.ts';
import { echo } from './streaming/echo.ts';
import { grounds } from './streaming/grounds.ts';
import { type Carrier, Kubectl, type Session } from './streaming/kubectl.ts';
import { fillTree, treeDigest } from './streaming/tree.ts';
import { podOf } from './support/pods.ts';
import type { World } from './support/world.ts';

const MiB = 1024 * 1024;
/** BURSTLET_E2E_SILENCE_SECONDS=600 for the long run. */
const silenceSeconds = Number(process.env.BURSTLET_E2E_SILENCE_SECONDS ?? 10);
/** What is sent through, in MiB; all other sizes follow from it. BURSTLET_E2E_STREAM_MIB=200 for the long run. */
const size = Number(process.env.BURSTLET_E2E_STREAM_MIB ?? 50);
const [half, tree, each] = [size / 4, size * 1.5, size / 20];

/** kubectl, through a real API server, to containers of each provider that runs something. */
describe.for(grounds)('containers of the provider $provider', (ground) => {
  if (ground.missing !== undefined) {
    it.skip(`skipped: ${ground.missing}`);
    return;
  }
  const { provider, image, sharesFiles } = ground;
  let world: World;
  let camp: Camp;
  let namespace: string;
  let folder: string;

  beforeAll(async () => {
    camp = await pitch(ground, `streams-${provider}`);
    ({ world, namespace } = camp);
    folder = path.join(world.cluster.folder, `streams-${randomUUID()}`);
    await mkdir(folder);
    await run('main', 'trap "exit 0" TERM; while :; do sleep 0.1; done');
  });
  afterAll(() => camp?.strike());

  async function run(name: string, script: string, wishes: Record<string, unknown> = {}): Promise<void> {
    const main = { name: 'main', image, command: ['sh', '-c', script], ...wishes };
    const spec = { restartPolicy: 'Never', terminationGracePeriodSeconds: 1, containers: [main] };
    await world.client.create(pods, podOf(namespace, name, { spec }));
    await world.reaches(namespace, name, 'Running');
  }

  describe.each<Carrier>(['WebSocket', 'SPDY'])('over %s', (carrier) => {
    let kubectl: Kubectl;
    beforeAll(() => {
      kubectl = new Kubectl(world.cluster.kubeconfig, namespace, carrier);
    });
    const sh = (script: string) => ['exec', 'main', '--', 'sh', '-c', script];
    const shIn = (script: string) => ['exec', '-i', 'main', '--', 'sh', '-c', script];

    it.each([
      ['exit 0', 0],
      ['exit 3', 3],
      ['kill -9 $$', 137],
    ])('exec `%s` ends with %i', async (script, code) => {
      const ended = await kubectl.run(sh(`echo out; echo err >&2; ${script}`));
      expect(ended).toMatchObject({ code, out: 'out\n' });
      // kubectl may log before it that it did not expect the empty message with which a session begins.
      expect(ended.err).toMatch(/^err$/m);
    });

    it('exec of what is not there says so', async () => {
      const ended = await kubectl.run(['exec', 'main', '--', 'no-such-command']);
      expect(ended.code).toBeGreaterThan(0);
      expect(ended.err).toContain('no-such-command');
    });

    it('exec in a container that is killed meanwhile fails', async () => {
      const name = `killed-${carrier.toLowerCase()}`;
      await run(name, 'exec sleep 600');
      const session = kubectl.start(['exec', name, '--', 'sh', '-c', 'echo begun; sleep 600']);
      await said(session, 'begun');
      await world.client.delete(pods, { namespace, name }, { gracePeriodSeconds: 1 });
      expect((await session.ended).code).not.toBe(0);
    });

    it(`takes ${size} MiB in`, async () => {
      const { sha256 } = bulkDigest(size * MiB);
      const ended = await kubectl.run(shIn('sha256sum'), bulk(size * MiB));
      expect(ended).toMatchObject({ code: 0, out: `${sha256}  -\n` });
    });

    it(`gives ${size} MiB out`, async () => {
      const script = `head -c ${size * MiB} /dev/zero`;
      const zeros = new Digest();
      for (let i = 0; i < size; i++) zeros.take(Buffer.alloc(MiB));
      expect(await kubectl.run(sh(script))).toMatchObject({ code: 0, ...zeros.value });
    });

    it(`passes ${half} MiB both ways at once`, async () => {
      const expected = bulkDigest(half * MiB);
      expect(await kubectl.run(shIn('cat'), bulk(half * MiB))).toMatchObject({ code: 0, ...expected });
    });

    it('gives a terminal, with its size and each new one', async () => {
      const command = ['python3', path.join(import.meta.dirname, 'streaming/terminal.py'), 'kubectl'];
      const session = kubectl.start(['exec', '-it', 'main', '--', 'sh'], command);
      session.say('type stty size\n');
      await said(session, /24 80/);
      session.say('size 33 101\n');
      await eventually(async () => {
        session.say('type stty size\n');
        await new Promise((resolve) => setTimeout(resolve, 200));
        return /33 101/.test(session.out());
      }, 20);
      session.say('type exit 9\n');
      expect((await session.ended).code).toBe(9);
    });

    it(`copies a tree of ${tree} MiB in and out`, async () => {
      const source = path.join(folder, `source-${carrier}`);
      const there = path.join(sharesFiles ? folder : '/tmp', `there-${carrier}`);
      const back = path.join(folder, `back-${carrier}`);
      await fillTree(source, tree * MiB);
      const copied = await kubectl.run(['cp', source, `main:${there}`]);
      expect(copied).toMatchObject({ code: 0, err: '' });
      if (sharesFiles) expect(await treeDigest(there)).toBe(await treeDigest(source));
      expect(await kubectl.run(['cp', `main:${there}`, back])).toMatchObject({ code: 0 });
      expect(await treeDigest(back)).toBe(await treeDigest(source));
      await kubectl.run(sh(`rm -r '${there}'`));
      for (const one of [source, back]) await rm(one, { recursive: true });
      expect((await readdir(folder)).filter((name) => name.endsWith(carrier))).toEqual([]);
    });

    it('attaches twice to one shell', async () => {
      const name = `attach-${carrier.toLowerCase()}`;
      await run(name, 'while read line; do echo "heard $line"; done', { stdin: true });
      const [one, two] = [kubectl.start(['attach', '-i', name]), kubectl.start(['attach', '-i', name])];
      for (const [session, word] of [
        [one, 'first'],
        [two, 'second'],
      ] as const) {
        // kubectl does not say when it is attached, and shows what comes from then on.
        await eventually(async () => {
          session.say(`${word}\n`);
          await new Promise((resolve) => setTimeout(resolve, 200));
          return [one, two].every((each) => each.out().includes(`heard ${word}\n`));
        }, 20);
      }
      await world.client.delete(pods, { namespace, name }, { gracePeriodSeconds: 1 });
      await Promise.all([one.ended, two.ended]);
    });

    it(`forwards 20 connections at once, and ${size} MiB`, async () => {
      const name = `echo-${carrier.toLowerCase()}`;
      await run(name, '', ground.echo(7000));
      const session = kubectl.start(['port-forward', `pod/${name}`, ':7000', ':7001']);
      try {
        const local = (port: number) => new RegExp(`127\\.0\\.0\\.1:(\\d+) -> ${port}`);
        await said(session, local(7001));
        const portOf = (port: number) => Number(local(port).exec(session.out())?.[1]);
        const expected = bulkDigest(each * MiB);
        const echoes = Array.from({ length: 20 }, () => echo(portOf(7000), each * MiB));
        expect(await Promise.all(echoes)).toEqual(Array(20).fill(expected));
        // Where nobody listens kubectl closes the connection, and may have taken what was sent.
        await echo(portOf(7001), 1000).catch(() => undefined);
        await eventually(() => session.err().includes('refused'));
      } finally {
        session.child.kill('SIGINT');
        await session.ended;
      }
    });

    it('keeps a session open that says nothing', { timeout: (silenceSeconds + 60) * 1000 }, async () => {
      const ended = await kubectl.run(shIn(`sleep ${silenceSeconds}; echo awake; exit 4`));
      expect(ended).toMatchObject({ code: 4, out: 'awake\n' });
    });

    it('debugs a running Pod', async () => {
      const name = `debugged-${carrier.toLowerCase()}`;
      await run(name, 'exec sleep 600');
      const debug = ['debug', name, '--container=debugger', `--image=${image}`, '--', 'sh', '-c'];
      expect(await kubectl.run([...debug, 'echo here; exit 3'])).toMatchObject({ code: 0 });
      await eventually(async () => {
        const { status } = await world.client.get(pods, { namespace, name });
        return status?.ephemeralContainerStatuses?.[0]?.state?.terminated?.exitCode === 3;
      }, 20);
      expect(await kubectl.run(['logs', name, '-c', 'debugger'])).toMatchObject({ code: 0, out: 'here\n' });
    });

    it('follows a log across a restart only as far as the run goes', async () => {
      const name = `logs-${carrier.toLowerCase()}`;
      await world.client.create(
        pods,
        podOf(namespace, name, {
          spec: {
            ...{ restartPolicy: 'Always', terminationGracePeriodSeconds: 1 },
            containers: [{ name: 'main', image, command: ['sh', '-c', 'echo run; sleep 2; exit 1'] }],
          },
        }),
      );
      await world.reaches(namespace, name, 'Running');
      expect(await kubectl.run(['logs', '-f', name])).toMatchObject({ code: 0, out: 'run\n' });
      await world.client.delete(pods, { namespace, name }, { gracePeriodSeconds: 1 });
    });
  });
});

const said = (session: Session, text: string | RegExp) =>
  eventually(() => (typeof text === 'string' ? session.out().includes(text) : text.test(session.out())), 20);
