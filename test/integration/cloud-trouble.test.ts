import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { InstanceProvider } from '../../providers/contract/index.ts';
import { createSdkApi } from '../../providers/eci/api/sdk-api.ts';
import { readEciOptions } from '../../providers/eci/options.ts';
import { EciProvider } from '../../providers/eci/provider.ts';
import { createFargateProvider } from '../../providers/fargate/create-provider.ts';
import { type Clock, pause } from '../../src/telemetry/clock.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { fastClock } from '../crash/clouds/fast-clock.ts';
import { emptyCluster, plainController } from '../crash/plain-node.ts';
import { StoreClient } from '../crash/store-client.ts';
import { type FakeEci, startFakeEci } from '../fakes/eci/index.ts';
import { eciOptions } from '../fakes/eci/provider-options.ts';
import { type FakeEcs, startFakeEcs } from '../fakes/ecs/index.ts';
import { fargateOptions } from '../fakes/ecs/provider-options.ts';

const scope = { clusterUid: 'trouble-cluster', node: 'burst-0' };
const pods = 50;
const waitMs = 90_000;
/** Times as fast as real time: the limits of calls shrink with it. */
const faster = 20;
/** Of that many nobody at a vendor would complain. */
const fewCallsPerMinute = 50;

interface Trouble {
  readonly options?: Readonly<Record<string, unknown>>;
}

interface Outcome {
  /** What the node was told, each text once. */
  readonly told: readonly string[];
  /** By the clock: on a busy machine it may be more than was asked for. */
  readonly minutes: number;
}

/** Fifty Pods wait for a cloud that does not let the node in, for a minute and a half or for what is hoped for. */
async function wait(
  clock: Clock,
  provider: InstanceProvider,
  hope: Promise<void> = pause(clock, waitMs),
): Promise<Outcome> {
  const begun = clock.now();
  const server = emptyCluster(clock, Math.random);
  for (let index = 0; index < pods; index++)
    server.store.create('pods', {
      metadata: { name: `pod-${index}`, namespace: 'default' },
      spec: {
        ...{ nodeName: scope.node, automountServiceAccountToken: false },
        containers: [{ name: 'main', image: 'registry.example/app:1' }],
      },
    });
  const told = new Set<string>();
  const ending = new AbortController();
  const client = new StoreClient(server, () => undefined);
  const controller = plainController({
    ...{ clock, random: Math.random, client, provider, scope },
    onHealth: (trouble) => trouble !== undefined && told.add(String(trouble)),
  });
  const run = controller.run(ending.signal);
  await hope;
  ending.abort();
  await run;
  await provider.close?.();
  return { told: [...told], minutes: (clock.now() - begun) / 60_000 };
}

function check({ told, minutes }: Outcome, expected: RegExp, calls: number): void {
  expect(told).toEqual([expect.stringMatching(expected)]);
  expect(calls / minutes).toBeLessThan(fewCallsPerMinute);
}

async function onFargate(
  arrange: (fake: FakeEcs) => Trouble,
  hope?: (fake: FakeEcs) => Promise<void>,
): Promise<{ outcome: Outcome; fake: FakeEcs }> {
  const clock = fastClock(faster);
  const fake = await startFakeEcs({ clock });
  const stateDir = await mkdtemp(path.join(os.tmpdir(), 'burstlet-trouble-'));
  const { options = {} } = arrange(fake);
  const provider = await createFargateProvider(
    { options: { ...fargateOptions(fake), ...options }, log: silentLog, stateDir },
    { clock },
  );
  const outcome = await wait(clock, provider, hope?.(fake));
  await fake.close();
  await rm(stateDir, { recursive: true, force: true });
  return { outcome, fake };
}

describe.concurrent('a cloud that does not let the node in is told once, and is not stormed', () => {
  test.each<[string, (fake: FakeEci) => Trouble, RegExp]>([
    [
      'wrong key',
      () => ({ options: { credentials: { accessKeyId: 'LTAIother', accessKeySecret: 'x' } } }),
      /access key/i,
    ],
    [
      'wrong secret',
      ({ credentials }) => ({ options: { credentials: { ...credentials, accessKeySecret: 'x' } } }),
      /secret|signature/i,
    ],
    [
      'no permission, which shows as empty lists',
      ({ cloud }) => {
        cloud.account.denied.add('*');
        return {};
      },
      /permission|RAM|policy/i,
    ],
    [
      'an expired token',
      ({ cloud }) => {
        cloud.account.tokenExpired = true;
        return {};
      },
      /expired/i,
    ],
  ])('ECI: %s', async (_, arrange, expected) => {
    const clock = fastClock(faster);
    const fake = await startFakeEci({ clock, limits: 'none' });
    const { options = {} } = arrange(fake);
    const read = readEciOptions({ ...eciOptions(fake), ...options }, {});
    const api = createSdkApi(read, clock);
    const provider = new EciProvider({ api, options: read, log: silentLog, clock, random: Math.random });
    const outcome = await wait(clock, provider);
    await fake.close();
    check(outcome, expected, fake.cloud.calls.length);
  });

  test.each<[string, (fake: FakeEcs) => Trouble, RegExp]>([
    [
      'wrong secret',
      ({ credentials }) => ({ options: { credentials: { ...credentials, secretAccessKey: 'x' } } }),
      /credentials are wrong/,
    ],
    [
      'an expired token',
      ({ keys }) => ({ options: { credentials: keys.issueSession(Date.now() - 1000) } }),
      /expired/,
    ],
    ['a cluster of another region', () => ({ options: { cluster: 'nowhere' } }), /no such cluster/],
    [
      'no permission',
      ({ cloud }) => {
        cloud.faults.chance('ListTasks', { kind: 'deny' }, 1);
        return {};
      },
      /ecs:ListTasks|not authorized|permission/i,
    ],
  ])('Fargate: %s', async (_, arrange, expected) => {
    const { outcome, fake } = await onFargate(arrange);
    check(outcome, expected, fake.cloud.calls.all.length);
  });

  test('Fargate: a clock that is off, which the SDK then sets by the answer', async () => {
    const { outcome } = await onFargate(
      (fake) => {
        fake.skewMs = 3_600_000;
        return {};
      },
      ({ cloud }) =>
        vi.waitUntil(() => cloud.instances().length === pods, { timeout: 15_000 }).then(() => undefined),
    );
    expect(outcome.told).toEqual([expect.stringMatching(/clock of this machine/)]);
  });
});
