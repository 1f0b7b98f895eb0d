import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { Attach, Exec, KubeConfig, PortForward, type V1Status } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pods } from '../../src/kube/resources.ts';
import { eventually } from '../support/eventually.ts';
import { bulk, bulkDigest, Digest } from './streaming/bulk.ts';
import { type Camp, pitch } from './streaming/camp.ts';
import { grounds } from './streaming/grounds.ts';
import { podOf } from './support/pods.ts';
import type { World } from './support/world.ts';

/** A writable whose content is kept. */
function sink(): { readonly stream: PassThrough; readonly digest: Digest } {
  const [stream, digest] = [new PassThrough(), new Digest()];
  stream.on('data', (data: Buffer) => digest.take(data));
  return { stream, digest };
}

const python = spawnSync('python3', ['-c', 'import kubernetes']).status === 0;

/** The official clients for JavaScript and Python, which speak older sub-protocols than kubectl does. */
describe.for(grounds)('containers of the provider $provider', (ground) => {
  if (ground.missing !== undefined) {
    it.skip(`skipped: ${ground.missing}`);
    return;
  }
  const { provider, image } = ground;
  let world: World;
  let camp: Camp;
  let namespace: string;
  const config = new KubeConfig();

  beforeAll(async () => {
    camp = await pitch(ground, `clients-${provider}`);
    ({ world, namespace } = camp);
    config.loadFromFile(world.cluster.kubeconfig);
    const script = 'while read line; do echo "heard $line"; done';
    await run('main', { stdin: true, command: ['sh', '-c', script] });
    await run('echo', ground.echo(7000));
  });
  afterAll(() => camp?.strike());

  async function run(name: string, wishes: Record<string, unknown>): Promise<void> {
    const containers = [{ name: 'main', image, ...wishes }];
    const spec = { restartPolicy: 'Never', terminationGracePeriodSeconds: 1, containers };
    await world.client.create(pods, podOf(namespace, name, { spec }));
    await world.reaches(namespace, name, 'Running');
  }

  describe('@kubernetes/client-node', () => {
    it('exec: output, exit code', async () => {
      const [out, err] = [sink(), sink()];
      const status = await new Promise<V1Status>((resolve, reject) => {
        const command = ['sh', '-c', 'echo out; echo err >&2; exit 7'];
        new Exec(config)
          .exec(namespace, 'main', 'main', command, out.stream, err.stream, null, false, resolve)
          .catch(reject);
      });
      expect(status).toMatchObject({
        status: 'Failure',
        reason: 'NonZeroExitCode',
        details: { causes: [{ reason: 'ExitCode', message: '7' }] },
      });
      expect([out.digest.text, err.digest.text]).toEqual(['out\n', 'err\n']);
    });

    it('exec: 20 MB through a command and back', async () => {
      const bytes = 20 * 1024 * 1024;
      const out = sink();
      const status = await new Promise<V1Status>((resolve, reject) => {
        const command = ['head', '-c', String(bytes)];
        new Exec(config)
          .exec(namespace, 'main', 'main', command, out.stream, null, bulk(bytes), false, resolve)
          .catch(reject);
      });
      expect(status.status).toBe('Success');
      expect(out.digest.value).toEqual(bulkDigest(bytes));
    });

    it('attach: input and output of the main process', async () => {
      const [input, out] = [new PassThrough(), sink()];
      const socket = await new Attach(config).attach(
        namespace,
        'main',
        'main',
        out.stream,
        null,
        input,
        false,
      );
      input.write('me\n');
      await eventually(() => out.digest.text.includes('heard me\n'));
      socket.close();
    });

    it('port-forward: what one sends comes back', async () => {
      const [input, out] = [new PassThrough(), sink()];
      await new PortForward(config).portForward(namespace, 'echo', [7000], out.stream, null, input);
      input.write('there and back');
      await eventually(() => out.digest.text.includes('there and back'));
      input.end();
    });
  });

  // `pip install kubernetes` makes it run.
  describe.skipIf(!python)('kubernetes for Python', () => {
    it('exec: input, output, exit code', () => {
      const script = path.join(import.meta.dirname, 'streaming/python-exec.py');
      const env = { ...process.env, KUBECONFIG: world.cluster.kubeconfig };
      const { stdout } = spawnSync('python3', [script, namespace, 'main'], { encoding: 'utf8', env });
      expect(stdout).toBe("'got hello\\n' 'bad\\n' 5\n");
    });
  });
});
