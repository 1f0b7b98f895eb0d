import { createFargateProvider } from '../../../providers/fargate/create-provider.ts';
import { ownerOf } from '../../../providers/fargate/task/owner.ts';
import { startFakeEcs } from '../../fakes/ecs/index.ts';
import type { CloudKind } from './cloud.ts';
import { quietly } from './eci.ts';

/** Much shorter than of a real daemon: what is deleted too early shall be seen. */
const rhythm = { period: 15_000, grace: 45_000 };

const zones = { 'us-east-1a': 'subnet-0a11', 'us-east-1b': 'subnet-0b22' };

/** What the fake takes on the spot market. */
const spot = { currency: 'USD', perVcpuHour: 0.012144, perGibHour: 0.0013335, asOf: '2026-11-22' };

export const fargate: CloudKind = async (clock, random) => {
  const fake = await startFakeEcs({ clock, random });
  const { cloud, credentials } = fake;
  const options = {
    ...{ region: cloud.region, cluster: 'burstlet', credentials },
    ...{ subnets: zones, securityGroups: ['sg-0c33'], markets: ['spot', 'on-demand'] },
    prices: { spot },
    secretStore: 'secretsmanager',
    executionRoleArn: `arn:aws:iam::${cloud.account}:role/burstlet-execution`,
  };
  cloud.secrets.deletingMs = 2000;
  return {
    endpoint: fake.endpoint,
    connect: ({ endpoint, log, stateDir }) =>
      createFargateProvider({ options: { ...options, endpoint }, log, stateDir }, { clock, random, rhythm }),
    lives: () =>
      cloud.instances().map(({ task, history }) => ({
        id: task.taskArn ?? '',
        podUid: ownerOf(task)?.podUid ?? '',
        from: history[0]?.at ?? 0,
        to: history.find(({ status }) => status === 'STOPPED' || status === 'DEPROVISIONING')?.at,
        market: task.capacityProviderName === 'FARGATE_SPOT' ? 'spot' : 'on-demand',
      })),
    bills: () =>
      cloud.instances().flatMap(({ task, bill }) => {
        const podUid = ownerOf(task)?.podUid ?? '';
        return bill?.endedAt === undefined ? [] : [{ podUid, seconds: bill.seconds, amount: bill.amount }];
      }),
    strays() {
      const live = cloud.instances().filter(({ task }) => task.lastStatus !== 'STOPPED');
      const used = new Set(live.flatMap(({ secrets }) => secrets));
      return cloud.secrets
        .live()
        .flatMap(({ arn, name }) => (used.has(arn) ? [] : `the stored secret ${name}`));
    },
    exit: (id, code) => quietly(() => cloud.exit(id, 'main', { code })),
    interrupt: (id, noticeMs) => quietly(() => cloud.market.interrupt(id, noticeMs)),
    stocked(full) {
      for (const zone of Object.keys(zones))
        cloud.stock.set(zone, 'spot', full ? Number.POSITIVE_INFINITY : 0);
    },
    close: () => fake.close(),
  };
};
