import { expect, test } from 'vitest';
import type { Instance, InstanceSpec } from '../contract/index.ts';
import { seededRandom } from '../mock/index.ts';
import { aContainer, aSpec, owner } from './testing/fixtures.ts';
import { FargateStage } from './testing/stage.ts';

const pods = 25;
const restarts = 8;

function pod(index: number): InstanceSpec {
  const env = [
    { name: 'POD', value: String(index), secret: false },
    { name: 'SHARED', value: 'shared-value', secret: true },
  ];
  if (index % 5 === 0) env.push({ name: 'OWN', value: `value-${index}`, secret: true });
  const containers = [aContainer({ env })];
  return aSpec(containers, {
    owner: { ...owner, podUid: `pod-${index}`, name: `pod-${index}` },
    terminationGracePeriodSeconds: 2,
  });
}

/** As the node does: again and again with the same token, whatever the answer was, until it succeeds. */
async function until<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

const actions = {
  none: ['RunTask', 'StopTask', 'DescribeTasks', 'ListTasks', 'RegisterTaskDefinition'],
  get secretsmanager() {
    return [...this.none, 'CreateSecret', 'DescribeSecret', 'ListSecrets', 'DeleteSecret'];
  },
};

test.each([
  [1, 'none'],
  [4, 'secretsmanager'],
  [5, 'secretsmanager'],
] as const)(
  'lost, cut and throttled calls and dying daemons leave one task per Pod, then nothing (seed %i, secret store %s)',
  async (seed, secretStore) => {
    const random = seededRandom(seed);
    await using stage = await FargateStage.start({
      fake: { random, lagMs: 20 },
      options: () => ({ secretStore }),
      rhythm: { period: 500, grace: 4000 },
    });
    const { cloud } = stage.fake;
    cloud.secrets.deletingMs = 20;
    for (const action of actions[secretStore]) {
      cloud.faults.chance(action, { kind: 'lose' }, 0.15);
      cloud.faults.chance(action, { kind: 'cut' }, 0.1);
      cloud.faults.chance(action, { kind: 'throttle' }, 0.1);
    }
    const dying = (async () => {
      for (let count = 0; count < restarts; count++) {
        await new Promise((resolve) => setTimeout(resolve, 20 + random() * 60));
        await stage.restart();
      }
    })();
    const specs = Array.from({ length: pods }, (_none, index) => pod(index));
    const made = await Promise.all(specs.map((spec) => until(() => stage.create(spec))));
    await dying;
    expect(cloud.secrets.live()).toHaveLength(secretStore === 'none' ? 0 : 1 + pods / 5);
    const ids = (instances: readonly Instance[]): string[] => instances.map(({ ref }) => ref.id).toSorted();
    expect(cloud.instances()).toHaveLength(pods);
    expect(ids(await until(() => stage.list()))).toEqual(ids(made));
    await Promise.all(made.map(({ ref }) => until(() => stage.provider.delete(ref, stage.signal))));
    expect(await until(() => stage.list())).toEqual([]);
    expect(cloud.instances().filter(({ task }) => task.executionStoppedAt === undefined)).toEqual([]);
    // No task was ever started without what it needs.
    expect(cloud.instances().filter(({ task }) => task.stopCode === 'TaskFailedToStart')).toEqual([]);
    await until(async () => expect(cloud.secrets.live()).toEqual([]));
  },
);
