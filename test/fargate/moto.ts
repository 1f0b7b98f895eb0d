/**
 * The plain path of the fargate provider against moto, which nobody of this project has written: create, find, observe,
 * stop, delete; and secrets that are stored, read by reference, and deleted. What moto does not know (tokens, failures, the states between) is tested with our own fake.
 * Installs moto into .cache/moto when it is not there; without Python or PyPI it says so and is skipped.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ECS } from '@aws-sdk/client-ecs';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { plainContainer, plainSpec } from '../../providers/contract/conformance/plain-spec.ts';
import type { Instance, InstanceSpec, OwnerScope } from '../../providers/contract/index.ts';
import { instanceToken, ownershipFromTags } from '../../providers/contract/index.ts';
import { createFargateProvider } from '../../providers/fargate/create-provider.ts';
import { createProvider } from '../../providers/fargate/index.ts';
import { MotoServer, whyNoMoto } from './moto-server.ts';

const region = 'us-east-1';
const credentials = { accessKeyId: 'testing', secretAccessKey: 'testing' };
const scope: OwnerScope = { clusterUid: 'moto', node: 'burst' };
const log = { debug() {}, info() {}, warn: console.warn, error: console.error };

/** Why it was skipped; undefined = passed. Rejects when it failed. */
export async function againstMoto(): Promise<string | undefined> {
  const reason = whyNoMoto();
  if (reason !== undefined) return reason;
  const moto = await MotoServer.start();
  const stateDir = await mkdtemp(path.join(tmpdir(), 'burstlet-moto-'));
  try {
    await plainPath(moto.endpoint, stateDir);
    await storedSecrets(moto.endpoint, stateDir);
    return undefined;
  } finally {
    await moto.end();
    await rm(stateDir, { recursive: true, force: true });
  }
}

/** Where moto has its cluster and its network. */
async function placeIn(endpoint: string): Promise<Record<string, unknown>> {
  const subnet = await first(
    endpoint,
    'DescribeSubnets',
    /<subnetId>(subnet-\w+)<.*?<availabilityZone>us-east-1a</s,
  );
  const group = await first(endpoint, 'DescribeSecurityGroups', /<groupId>(sg-\w+)</);
  return {
    ...{ region, endpoint, credentials },
    cluster: 'burstlet',
    subnets: { 'us-east-1a': subnet },
    securityGroups: [group],
    markets: ['spot', 'on-demand'],
  };
}

async function plainPath(endpoint: string, stateDir: string): Promise<void> {
  const ecs = new ECS({ region, endpoint, credentials: { ...credentials } });
  await ecs.createCluster({ clusterName: 'burstlet', capacityProviders: ['FARGATE', 'FARGATE_SPOT'] });
  const options = await placeIn(endpoint);
  const connect = () => createProvider({ options, log, stateDir });

  let provider = await connect();
  const leave = new AbortController();
  const seen: Instance[] = [];
  const observed = provider.observe(
    scope,
    (event) => event.type === 'changed' && seen.push(event.instance),
    leave.signal,
  );
  const [spot, demand] = [pod('a', 'spot', provider), pod('b', 'on-demand', provider)];
  const [a, b] = await Promise.all(
    [spot, demand].map((spec) => provider.create(spec, instanceToken(spec.owner), signal())),
  );
  assert.ok(a && b);
  await until('both run', () =>
    [a, b].every(({ ref }) => seen.some((one) => one.ref.id === ref.id && one.phase === 'Running')),
  );
  const { tasks = [] } = await ecs.describeTasks({
    cluster: 'burstlet',
    tasks: [a.ref.id],
    include: ['TAGS'],
  });
  const [task] = tasks;
  const tags = Object.fromEntries((task?.tags ?? []).map(({ key, value }) => [key ?? '', value]));
  assert.deepEqual(ownershipFromTags(tags), spot.owner);
  assert.equal(task?.capacityProviderName ?? 'FARGATE_SPOT', 'FARGATE_SPOT');
  const running = seen.findLast(({ ref }) => ref.id === a.ref.id);
  assert.match(running?.ips[0] ?? '', /^\d+\.\d+\.\d+\.\d+$/, 'the address of the interface is not seen');
  assert.equal(
    (await ecs.listTaskDefinitions({})).taskDefinitionArns?.length,
    1,
    'two definitions for one content',
  );

  leave.abort();
  await observed;
  await provider.close?.();
  provider = await connect();
  const listed = await provider.list(scope, signal());
  assert.deepEqual(listed.map(({ owner }) => owner.podUid).toSorted(), ['a', 'b']);
  await provider.stop(a.ref, { gracePeriodSeconds: 30 }, signal());
  await until('one stopped', async () => {
    const all = await provider.list(scope, signal());
    return all.some(({ ref, phase }) => ref.id === a.ref.id && phase === 'Stopped');
  });
  await Promise.all([a, b].map(({ ref }) => provider.delete(ref, signal())));
  assert.deepEqual(await provider.list(scope, signal()), []);
  const left = await ecs.listTasks({ cluster: 'burstlet', desiredStatus: 'RUNNING' });
  assert.deepEqual(left.taskArns, [], 'tasks are left running');
  await provider.close?.();
  ecs.destroy();
}

/** A value goes to Secrets Manager and nowhere else, comes back as a task reads it, and is deleted after the last task. */
async function storedSecrets(endpoint: string, stateDir: string): Promise<void> {
  const value = 'correct-horse-battery-staple';
  const client = { region, endpoint, credentials: { ...credentials } };
  const ecs = new ECS(client);
  const manager = new SecretsManager(client);
  const options = {
    ...(await placeIn(endpoint)),
    secretStore: 'secretsmanager',
    executionRoleArn: 'arn:aws:iam::123456789012:role/burstlet-execution',
  };
  const provider = await createFargateProvider(
    { options, log, stateDir },
    { rhythm: { period: 300, grace: 900 } },
  );
  const leave = new AbortController();
  const observed = provider.observe(scope, () => undefined, leave.signal);
  const made = await Promise.all(
    ['c', 'd'].map((uid) => {
      const plain = pod(uid, 'on-demand', provider);
      const env = [{ name: 'PASSWORD', value, secret: true }];
      const spec = { ...plain, containers: plain.containers.map((container) => ({ ...container, env })) };
      return provider.create(spec, instanceToken(spec.owner), signal());
    }),
  );
  const { SecretList = [] } = await manager.listSecrets({});
  assert.equal(SecretList.length, 1, 'Pods with the same values do not share a stored secret');
  const { tasks = [] } = await ecs.describeTasks({
    cluster: 'burstlet',
    tasks: made.map(({ ref }) => ref.id),
  });
  const [task] = tasks;
  const { taskDefinition } = await ecs.describeTaskDefinition({ taskDefinition: task?.taskDefinitionArn });
  assert.ok(!JSON.stringify([tasks, taskDefinition]).includes(value), 'ECS knows the value');
  const reference = taskDefinition?.containerDefinitions?.[0]?.secrets?.[0];
  assert.equal(reference?.name, 'PASSWORD');
  const parts = (reference?.valueFrom ?? '').split(':');
  const read = await manager.getSecretValue({ SecretId: parts.slice(0, 7).join(':'), VersionId: parts[9] });
  assert.equal(JSON.parse(read.SecretString ?? '{}')[parts[7] ?? ''], value);
  await Promise.all(made.map(({ ref }) => provider.delete(ref, signal())));
  await until('the stored secret is deleted', async () => {
    const left = await manager.listSecrets({ IncludePlannedDeletion: true });
    return left.SecretList?.length === 0;
  });
  leave.abort();
  await observed;
  await provider.close();
  for (const each of [ecs, manager]) each.destroy();
}

function pod(
  podUid: string,
  market: 'spot' | 'on-demand',
  provider: Awaited<ReturnType<typeof createProvider>>,
): InstanceSpec {
  const offer = provider.offers?.().find((one) => one.market === market);
  const [size] = offer?.sizes ?? [];
  assert.ok(offer && size);
  const owner = { ...scope, namespace: 'default', name: podUid, podUid, attempt: 0 };
  // moto runs no container without `memory`.
  const container = plainContainer('main', 'busybox:1.36', {
    command: ['sleep', 'infinity'],
    limits: { memoryBytes: 128 * 1024 ** 2 },
  });
  return plainSpec(owner, [container], { purchase: { offer: offer.id, market, size } });
}

/** What an action of EC2 shows first; moto has a network of its own from the start. */
async function first(endpoint: string, action: string, pattern: RegExp): Promise<string> {
  const scope = `testing/20260101/${region}/ec2/aws4_request`;
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=none`,
    },
    body: `Action=${action}&Version=2016-11-15`,
    signal: signal(),
  });
  const found = pattern.exec(await answer.text())?.[1];
  assert.ok(found, `${action} shows nothing that can be used`);
  return found;
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + 30_000;
  while (!(await holds())) {
    assert.ok(Date.now() < giveUpAt, `never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function signal(): AbortSignal {
  return AbortSignal.timeout(60_000);
}
