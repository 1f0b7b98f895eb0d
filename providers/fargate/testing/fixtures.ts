import type { FakeEcs } from '../../../test/fakes/ecs/index.ts';
import { plainContainer, plainSpec } from '../../contract/conformance/plain-spec.ts';
import type { ContainerSpec, InstanceSpec, Market, Ownership } from '../../contract/index.ts';
import { type FargateOptions, readFargateOptions } from '../options.ts';
import { sizes } from '../sizes.ts';

export const owner: Ownership = {
  clusterUid: 'c0ffee',
  node: 'burst',
  namespace: 'default',
  name: 'web-0',
  podUid: '11111111-2222-4333-8444-555555555555',
  attempt: 0,
};

/** The network of the fake. */
const zones = { 'us-east-1a': 'subnet-0a11', 'us-east-1b': 'subnet-0b22' } as const;

const common = {
  region: 'us-east-1',
  cluster: 'burstlet',
  subnets: zones,
  securityGroups: ['sg-0c33'],
  markets: ['spot', 'on-demand'],
  helperImage: 'busybox:1.36',
} as const;

/** Options for mappers, which call nothing. Undefined leaves one out. */
export function testOptions(more: Readonly<Record<string, unknown>> = {}): FargateOptions {
  const given = Object.entries({ ...common, ...more }).filter(([, value]) => value !== undefined);
  return readFargateOptions(Object.fromEntries(given));
}

/** Options that lead to a fake. */
export function fakeOptions({ endpoint, credentials }: FakeEcs): Record<string, unknown> {
  return {
    ...common,
    executionRoleArn: 'arn:aws:iam::123456789012:role/burstlet-execution',
    logGroup: 'burstlet',
    endpoint,
    credentials,
  };
}

/** As the node does before a create: the smallest size that holds what these Pods ask for. */
export function purchased(
  spec: InstanceSpec,
  market: Market = 'on-demand',
  zone = 'us-east-1a',
): InstanceSpec {
  const [size] = sizes;
  if (size === undefined) throw new Error('there are no sizes');
  return { ...spec, purchase: { offer: `${zone}/${market}`, market, size } };
}

export function aContainer(more: Partial<ContainerSpec> = {}): ContainerSpec {
  return plainContainer('main', 'example.com/app:1', more);
}

export function aSpec(
  containers: readonly ContainerSpec[] = [aContainer()],
  more: Partial<InstanceSpec> = {},
): InstanceSpec {
  return purchased(plainSpec(owner, containers, more));
}
