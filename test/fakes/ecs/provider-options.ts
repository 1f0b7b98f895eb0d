import type { FakeMarket } from './capacity/stock.ts';
import type { FakeEcs } from './index.ts';

/** The options with which the fargate provider uses a fake: every zone, both markets (spot first), prices, logs, events and exec. */
export function fargateOptions({ endpoint, credentials, cloud }: FakeEcs): Record<string, unknown> {
  const { region, account, network, prices } = cloud;
  const priceOf = (market: FakeMarket): object => ({
    currency: prices.currency,
    perVcpuHour: prices.vcpuHour[market],
    perGibHour: prices.gbHour[market],
    asOf: prices.asOf,
  });
  const [logGroup, queue] = ['burstlet', 'burstlet'];
  cloud.logs.open(logGroup, true);
  cloud.queue(queue);
  return {
    endpoint,
    credentials,
    region,
    cluster: 'burstlet',
    subnets: Object.fromEntries(Object.entries(network.subnets).map(([subnet, zone]) => [zone, subnet])),
    securityGroups: network.securityGroups,
    markets: ['spot', 'on-demand'],
    prices: { spot: priceOf('spot'), 'on-demand': priceOf('on-demand') },
    executionRoleArn: `arn:aws:iam::${account}:role/burstlet-execution`,
    taskRoleArn: `arn:aws:iam::${account}:role/burstlet-task`,
    enableExecuteCommand: true,
    logGroup,
    helperImage: 'busybox:1.36',
    queueUrl: `${endpoint}/${account}/${queue}`,
  };
}
