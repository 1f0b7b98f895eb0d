import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { startDevSession } from '../../src/cli/wiring/dev-session.ts';
import { pods, secrets } from '../../src/kube/resources.ts';
import type { Pod } from '../../src/kube/types.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { startFakeEcs } from '../fakes/ecs/index.ts';
import { fargateOptions } from '../fakes/ecs/provider-options.ts';
import { eventually } from '../support/eventually.ts';
import { connectTo } from '../support/test-api.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const [password, key, pull] = ['correct-horse-battery', 'private-key-of-app', 'pull-me-if-you-can'];
const auths = { 'registry.example': { username: 'robot', password: pull } };

/** A whole node on a fake of ECS with a secret store, and a cluster with Secrets. */
async function startNode() {
  const fake = await startFakeEcs();
  const stateDir = await mkdtemp(path.join(tmpdir(), 'burstlet-secrets-'));
  const session = await startDevSession({
    ...{ provider: 'fargate', providerOptions: { ...fargateOptions(fake), secretStore: 'secretsmanager' } },
    ...{ nodeName: 'burst-0', taint: false, port: 0, stateDir: path.join(stateDir, 'state') },
    ...{ log: silentLog, version: '0.0.0' },
  });
  const { client } = connectTo(session.cluster);
  const inDefault = (name: string) => ({ name, namespace: 'default' });
  const make = async (name: string, data: Record<string, string>, type = 'Opaque'): Promise<void> => {
    await eventually(() => client.create(secrets, { metadata: inDefault(name), type, data }));
  };
  await make('app', { PASSWORD: base64(password), key: base64(key) });
  await make(
    'pull',
    { '.dockerconfigjson': base64(JSON.stringify({ auths })) },
    'kubernetes.io/dockerconfigjson',
  );
  return {
    cloud: fake.cloud,
    create: (name: string, spec: Pod['spec']) =>
      eventually(() => client.create(pods, { metadata: inDefault(name), ...(spec && { spec }) })),
    reaches: (name: string, phase: string): Promise<Pod> =>
      eventually(async () => {
        const pod = await client.get(pods, inDefault(name));
        return pod.status?.phase === phase ? pod : undefined;
      }),
    async [Symbol.asyncDispose](): Promise<void> {
      await session.stop();
      await fake.close();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

/** Variables, files, a token and credentials: all that a Pod can have of Secrets. */
const spec: Pod['spec'] = {
  imagePullSecrets: [{ name: 'pull' }],
  containers: [
    {
      name: 'app',
      image: 'registry.example/app:1',
      env: [
        { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'app', key: 'PASSWORD' } } },
        { name: 'URL', value: 'https://me:$(PASSWORD)@db.example' },
      ],
      volumeMounts: [{ name: 'keys', mountPath: '/keys' }],
    },
  ],
  volumes: [{ name: 'keys', secret: { secretName: 'app' } }],
};

test('values of Secrets go from the cluster into the store and into the task, and past ECS', async () => {
  await using node = await startNode();
  const { cloud } = node;
  await node.create('app', spec);
  await node.reaches('app', 'Running');
  const told = JSON.stringify(
    cloud.calls.all.filter(({ action }) => action !== 'CreateSecret').map(({ input }) => input),
  );
  const texts = cloud.secrets.live().flatMap(({ versions }) => [...versions.values()]);
  const values = texts.flatMap((text) => Object.values<string>(JSON.parse(text)));
  expect(values).toEqual(expect.arrayContaining([password, `https://me:${password}@db.example`, pull]));
  const archives = values.filter((value) => value.startsWith('H4sI'));
  const files = archives.map((value) => gunzipSync(Buffer.from(value, 'base64')).toString());
  expect(files.some((text) => text.includes(key))).toBe(true);
  // The token of the service account: a JWT.
  expect(files.some((text) => /eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+/.test(text))).toBe(true);
  for (const value of [password, key, pull, ...archives])
    for (const form of [value, base64(value)]) expect(told).not.toContain(form);
  expect(told).toContain('BURSTLET_VOLUME_0');
});

test('a value of a Secret in the arguments fails the Pod before anything is stored or started', async () => {
  await using node = await startNode();
  const [container] = spec?.containers ?? [];
  const args = ['--password=$(PASSWORD)'];
  await node.create('loud', { ...spec, containers: [{ name: 'app', ...container, args }] });
  const { status } = await node.reaches('loud', 'Failed');
  expect(status?.message).toMatch(/a value of a Secret stands in command or args, written as \$\(NAME\)/);
  expect(status?.message).not.toContain(password);
  expect(node.cloud.secrets.all()).toEqual([]);
  expect(node.cloud.instances()).toEqual([]);
});
