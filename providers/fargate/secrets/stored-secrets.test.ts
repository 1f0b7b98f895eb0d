import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { describe, expect, test, vi } from 'vitest';
import { FakeClock } from '../../../src/telemetry/fake-clock.ts';
import { startFakeEcs } from '../../../test/fakes/ecs/index.ts';
import type { EnvVar, Instance, InstanceSpec } from '../../contract/index.ts';
import { Budgets } from '../api/budgets.ts';
import { SecretsApi } from '../api/secrets-api.ts';
import { aContainer, aSpec, owner } from '../testing/fixtures.ts';
import { FargateStage } from '../testing/stage.ts';
import { SecretNames } from './secret-names.ts';
import { SecretStore } from './secret-store.ts';

const value = 'correct-horse-battery-staple';
/** Of the quick clock: a twentieth of a second of real time. */
const rhythm = { period: 200, grace: 500 };

function start(more: Parameters<typeof FargateStage.start>[0] = {}): Promise<FargateStage> {
  return FargateStage.start({ options: () => ({ secretStore: 'secretsmanager' }), rhythm, ...more });
}

function pod(uid: string, more: Partial<InstanceSpec> = {}, env: readonly EnvVar[] = []): InstanceSpec {
  const password = { name: 'PASSWORD', value, secret: true };
  return aSpec([aContainer({ env: [password, ...env] })], {
    owner: { ...owner, podUid: uid },
    terminationGracePeriodSeconds: 2,
    ...more,
  });
}

function calls(stage: FargateStage, action: string): number {
  return stage.fake.cloud.calls.of(action).length;
}

/** Everything that was ever asked of ECS, as it was written. */
function toldEcs({ fake }: FargateStage): string {
  const all = fake.cloud.calls.all.filter(({ action }) => action !== 'CreateSecret');
  return JSON.stringify(all.map(({ input }) => input));
}

/** What the task of the Pod writes until it has ended. */
async function printed(stage: FargateStage, spec: InstanceSpec): Promise<string[]> {
  const { ref } = await stage.create(spec);
  const query = { container: 'main', previous: false, follow: true };
  const lines: string[] = [];
  for await (const { data } of stage.provider.logs?.(ref, query, stage.signal) ?? [])
    lines.push(Buffer.from(data).toString());
  return lines;
}

/** The test's own limit ends the wait. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** So many sweeps later. */
async function sweeps(stage: FargateStage, times: number): Promise<void> {
  const before = calls(stage, 'ListSecrets');
  await until(() => calls(stage, 'ListSecrets') >= before + times);
}

const running = ({ phase }: Instance): boolean => phase === 'Running';
const stopped = ({ phase }: Instance): boolean => phase === 'Stopped';

describe.concurrent('what is secret', () => {
  test('reaches the container, and ECS is told nothing of it', async () => {
    await using stage = await start();
    const script = {
      name: 'BURSTLET_FAKE_SCRIPT',
      value: JSON.stringify({ logs: [], printEnv: ['PASSWORD'], exits: [{ code: 0, afterMs: 0 }] }),
      secret: false,
    };
    const files = [{ path: 'key', content: Buffer.from(value), mode: 0o400, secret: true }];
    const spec = pod('a', { volumes: [{ name: 'keys', kind: 'files', refreshable: false, files }] }, [
      script,
    ]);
    const [main] = spec.containers;
    const mounts = [{ volume: 'keys', mountPath: '/keys', readOnly: true }];
    const registryCredentials = [{ server: 'example.com', username: 'robot', password: value }];
    const containers = [{ ...(main ?? aContainer()), mounts }];
    expect(await printed(stage, { ...spec, containers, registryCredentials })).toEqual([value]);
    const told = toldEcs(stage);
    expect(told).toContain('"secrets"');
    expect(told).not.toContain(value);
    expect(told).not.toContain(Buffer.from(value).toString('base64'));
    // Compressed, the file is no text that could be searched for: the helper has no plain variable at all.
    expect(told).not.toContain('BURSTLET_VOLUME_0","value"');
  });

  test('is stored once for all Pods of a template, which share the definition; and by name of the node', async () => {
    await using stage = await start();
    const made = Array.from({ length: 20 }, (_none, index) =>
      stage.create(pod(`p${index}`, { hostname: `h${index}` })),
    );
    await Promise.all(made);
    expect([calls(stage, 'CreateSecret'), calls(stage, 'RegisterTaskDefinition')]).toEqual([1, 1]);
    await stage.restart();
    await stage.create(pod('later'));
    expect(stage.fake.cloud.secrets.all()).toHaveLength(1);
    expect(calls(stage, 'RegisterTaskDefinition')).toBe(1);
    const [stored] = stage.fake.cloud.secrets.live();
    expect(stored?.name).toMatch(/^burstlet\/[0-9a-f]{8}\/burst\//);
    expect(stored?.tags).toEqual([
      { Key: 'burstlet.dev/cluster', Value: 'c0ffee' },
      { Key: 'burstlet.dev/node', Value: 'burst' },
    ]);
  });
});

describe.concurrent('what is stored', () => {
  test('stays while a task may need it, also for the next daemon, and goes after the last', async () => {
    await using stage = await start();
    const { secrets } = stage.fake.cloud;
    const [a, b] = await Promise.all([stage.create(pod('a')), stage.create(pod('b'))]);
    await stage.provider.delete(a.ref, stage.signal);
    await sweeps(stage, 5);
    await stage.restart();
    await sweeps(stage, 5);
    expect(secrets.live()).toHaveLength(1);
    await stage.provider.delete(b.ref, stage.signal);
    await until(() => secrets.live().length === 0);
    const { ref } = await stage.create(pod('c'));
    await stage.until(ref.id, running);
  });

  test('stays while a task is being made, however long that takes', async () => {
    await using stage = await start();
    const { faults, secrets } = stage.fake.cloud;
    faults.plan('RunTask', { kind: 'delay', ms: 600 });
    const making = stage.create(pod('a'));
    await until(() => secrets.live().length === 1);
    await sweeps(stage, 6);
    const { ref } = await making;
    await stage.until(ref.id, running);
    expect(secrets.all()).toHaveLength(1);
  });

  test('stays for a task that ECS does not show yet to the next daemon', async () => {
    await using stage = await start({ fake: { lagMs: 2000 }, rhythm: { period: 200, grace: 80_000 } });
    await stage.create(pod('a'));
    await stage.restart();
    await sweeps(stage, 15);
    expect(stage.fake.cloud.secrets.live()).toHaveLength(1);
    expect(calls(stage, 'DeleteSecret')).toBe(0);
  });

  test('goes when the daemon dies before there is a task', async () => {
    await using stage = await start();
    stage.fake.cloud.faults.plan('RunTask', { kind: 'cut' }, 100);
    await expect(stage.create(pod('a'))).rejects.toMatchObject({ kind: 'Retryable' });
    expect(stage.fake.cloud.secrets.live()).toHaveLength(1);
    await stage.restart();
    await until(() => stage.fake.cloud.secrets.live().length === 0);
  });

  test('goes when the answer of CreateSecret is lost, and is found when the create is repeated', async () => {
    await using stage = await start({ rhythm: { period: 200, grace: 3600_000 } });
    stage.fake.cloud.faults.plan('CreateSecret', { kind: 'lose' });
    await expect(stage.create(pod('a'))).rejects.toMatchObject({ kind: 'Retryable' });
    await stage.create(pod('a'));
    expect(stage.fake.cloud.secrets.all()).toHaveLength(1);
  });

  test('is not touched where not everything can be seen', async () => {
    await using stage = await start();
    stage.fake.cloud.faults.plan('RunTask', { kind: 'cut' });
    await expect(stage.create(pod('a'))).rejects.toThrow();
    const { faults, secrets } = stage.fake.cloud;
    for (const action of ['ListSecrets', 'ListTasks']) {
      faults.plan(action, { kind: 'error', status: 500 }, 1_000_000);
      const before = calls(stage, action);
      await until(() => calls(stage, action) > before + 5);
      expect(calls(stage, 'DeleteSecret')).toBe(0);
      faults.clear();
    }
    await until(() => secrets.live().length === 0);
  });

  test('and is of another node, or nobody knows whose, is left alone', async () => {
    await using stage = await start();
    const { secrets } = stage.fake.cloud;
    await stage.create(pod('a'));
    const prefix = secrets.live()[0]?.name.replace(/[^/]+$/, '') ?? '';
    const foreign = { ClientRequestToken: 'x'.repeat(32), SecretString: '{}' };
    secrets.create({ ...foreign, Name: `${prefix}by-hand` });
    secrets.create({ ...foreign, Name: `${prefix.replace('/burst/', '/burst-1/')}a` });
    await sweeps(stage, 8);
    expect(secrets.live()).toHaveLength(3);
  });

  test('is seen late and forgotten late by ListSecrets, and that does no harm', async () => {
    await using stage = await start({ rhythm: { period: 200, grace: 3000 } });
    const { secrets } = stage.fake.cloud;
    secrets.listLagMs = 150;
    const { ref } = await stage.create(pod('a'));
    await stage.until(ref.id, running);
    await stage.provider.delete(ref, stage.signal);
    await until(() => secrets.live().length === 0);
    await sweeps(stage, 3);
    const again = await stage.create(pod('b'));
    await stage.until(again.ref.id, running);
  });

  test('is stored again while the one before is still being deleted', async () => {
    await using stage = await start();
    const { secrets } = stage.fake.cloud;
    secrets.deletingMs = 150;
    const first = await stage.create(pod('a'));
    await stage.provider.delete(first.ref, stage.signal);
    await until(() => secrets.live().length === 0);
    const { ref } = await stage.create(pod('b'));
    await stage.until(ref.id, running);
    expect(secrets.all()).toHaveLength(2);
  });

  test('is not used any more from the moment on at which its deletion begins', async () => {
    await using stage = await start();
    const { faults, secrets } = stage.fake.cloud;
    const first = await stage.create(pod('a'));
    faults.plan('DeleteSecret', { kind: 'delay', ms: 300 });
    await stage.provider.delete(first.ref, stage.signal);
    await until(() => calls(stage, 'DeleteSecret') === 1);
    expect(secrets.live()).toHaveLength(1);
    const { ref } = await stage.create(pod('b'));
    await stage.until(ref.id, running);
    expect(secrets.all()).toHaveLength(2);
  });

  test('of many pages is seen whole', async () => {
    await using stage = await start();
    const { secrets } = stage.fake.cloud;
    const { ref } = await stage.create(pod('a'));
    const [{ name = '', tags = [] } = {}] = secrets.live();
    const put = (own: string, Tags = [...tags]): void => {
      const Name = name.replace(/[^/]+$/, own);
      secrets.create({ Name, ClientRequestToken: 'x'.repeat(32), SecretString: '{}', Tags });
    };
    // Those of others fill the pages before.
    for (let index = 0; index < 250; index++) put(`0-${index}`, []);
    put('z');
    await until(() => secrets.live().length === 251);
    expect(secrets.live().some((secret) => secret.name === name)).toBe(true);
    await stage.provider.delete(ref, stage.signal);
  });
});

describe.concurrent('when somebody meddles with it', () => {
  test.each<[string, (stage: FargateStage, name: string) => void]>([
    [
      'deleted for good',
      ({ fake }, name) => fake.cloud.secrets.delete({ SecretId: name, ForceDeleteWithoutRecovery: true }),
    ],
    ['deleted, to be gone in a month', ({ fake }, name) => fake.cloud.secrets.delete({ SecretId: name })],
  ])('%s: the task says so, and the next one runs', async (_what, meddle) => {
    await using stage = await start();
    const { secrets } = stage.fake.cloud;
    const first = await stage.create(pod('a'));
    await stage.until(first.ref.id, running);
    meddle(stage, secrets.live()[0]?.name ?? '');
    const { ref } = await stage.create(pod('b'));
    const ended = await stage.until(ref.id, stopped);
    expect(ended.stopCause).toMatchObject({
      kind: 'Failed',
      reason: 'StoredSecretMissing',
      message: expect.stringMatching(/^somebody deleted the stored secret.*ResourceInitializationError/),
    });
    expect(ended).not.toHaveProperty('billing');
    const third = await stage.create(pod('c'));
    await stage.until(third.ref.id, running);
    expect(secrets.live()).toHaveLength(1);
  });

  test.each([1, 2])('changed %i times: tasks have the value of the Pod', async (times) => {
    await using stage = await start();
    const { secrets } = stage.fake.cloud;
    await stage.create(pod('a'));
    const { name = '' } = secrets.live()[0] ?? {};
    for (let time = 0; time < times; time++) secrets.rotate(name, `${time}`.repeat(32), '{"v0":"evil"}');
    await stage.restart();
    const script = { logs: [], printEnv: ['PASSWORD'], exits: [{ code: 0, afterMs: 0 }] };
    const env = [{ name: 'BURSTLET_FAKE_SCRIPT', value: JSON.stringify(script), secret: false }];
    expect(await printed(stage, pod('b', {}, env))).toEqual([value]);
    // With the version of one change ago there was nothing to be done.
    expect(secrets.all()).toHaveLength(times);
  });

  test('the execution role may not read it: the task says what is missing', async () => {
    await using stage = await start();
    stage.fake.cloud.secrets.readable = false;
    const { ref } = await stage.create(pod('a'));
    const ended = await stage.until(ref.id, stopped);
    expect(ended.stopCause).toMatchObject({
      reason: 'StoredSecretDenied',
      message: expect.stringMatching(/^the execution role.*secretsmanager:GetSecretValue/),
    });
  });

  test('the daemon may not store: nothing is started, and the error says which permission', async () => {
    await using stage = await start();
    stage.fake.cloud.faults.plan('CreateSecret', { kind: 'deny' });
    await expect(stage.create(pod('a'))).rejects.toMatchObject({
      kind: 'AuthFailed',
      message: expect.stringMatching(/secretsmanager:CreateSecret.*policy of the daemon/),
    });
    expect(stage.fake.cloud.instances()).toEqual([]);
  });
});

test('a burst stays below the limits of the service', async () => {
  const clock = new FakeClock();
  const fake = await startFakeEcs({ clock });
  const { endpoint, credentials, cloud } = fake;
  const { region } = cloud;
  const sdk = new SecretsManager({ endpoint, credentials, region, maxAttempts: 1 });
  const place = { region, cluster: 'burstlet' };
  const api = new SecretsApi({ secrets: sdk, budgets: new Budgets(clock), place });
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const names = new SecretNames(Buffer.alloc(32));
  const store = new SecretStore({ api, names, clock, random: Math.random, log });
  const { signal } = new AbortController();
  const made = (): number => cloud.calls.of('CreateSecret').length;
  const all = Promise.all(
    Array.from({ length: 90 }, (_none, index) => store.hold([`{"v0":"${index}"}`], owner, signal)),
  );
  await vi.waitUntil(() => made() === 45, { timeout: 15_000 });
  await clock.advance(500);
  await vi.waitUntil(() => made() === 67, { timeout: 15_000 });
  await clock.advance(511);
  await all;
  expect(cloud.secrets.live()).toHaveLength(90);
  expect(cloud.calls.throttledShare).toBe(0);
  store.close();
  sdk.destroy();
  await fake.close();
});
