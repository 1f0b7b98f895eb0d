import type { CapacityProviderStrategyItem, RunTaskRequest } from '@aws-sdk/client-ecs';
import type { FakeMarket } from '../capacity/stock.ts';
import { invalidParameter, ServiceError } from '../door/service-error.ts';

export interface FakeCluster {
  readonly name: string;
  readonly arn: string;
  capacityProviders: readonly string[];
  defaultStrategy: readonly CapacityProviderStrategyItem[];
}

export interface Buy {
  readonly market: FakeMarket;
  /** Absent when a launch type was given. */
  readonly capacityProvider?: string;
}

/** The clusters of the account. */
export class Clusters {
  readonly #byName = new Map<string, FakeCluster>();
  readonly #arnPrefix: string;

  constructor(arnPrefix: string) {
    this.#arnPrefix = arnPrefix;
  }

  add(name: string, capacityProviders: readonly string[]): void {
    const arn = `${this.#arnPrefix}:cluster/${name}`;
    this.#byName.set(name, { name, arn, capacityProviders, defaultStrategy: [] });
  }

  /** By name or ARN; `default` when nothing is said. */
  seek(cluster: string | undefined): FakeCluster | undefined {
    const name = (cluster ?? 'default').replace(`${this.#arnPrefix}:cluster/`, '');
    return this.#byName.get(name);
  }

  find(cluster: string | undefined): FakeCluster {
    const found = this.seek(cluster);
    if (found === undefined) throw new ServiceError('ClusterNotFoundException', 'Cluster not found.');
    return found;
  }

  put(
    cluster: FakeCluster,
    providers: readonly string[],
    strategy: readonly CapacityProviderStrategyItem[],
  ): void {
    const unknown = providers.find((provider) => provider !== 'FARGATE' && provider !== 'FARGATE_SPOT');
    if (unknown !== undefined)
      throw invalidParameter(
        'The specified capacity provider was not found. Specify a valid capacity provider and try again.',
      );
    checkStrategy(strategy, providers);
    cluster.capacityProviders = [...providers];
    cluster.defaultStrategy = [...strategy];
  }

  /** What one task of this request is bought as. */
  choose(cluster: FakeCluster, request: RunTaskRequest, random: () => number): Buy {
    const { launchType, capacityProviderStrategy: own = [] } = request;
    if (launchType !== undefined && own.length > 0)
      throw invalidParameter(
        'Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.',
      );
    if (launchType === 'FARGATE') return { market: 'on-demand' };
    const strategy = own.length > 0 ? own : cluster.defaultStrategy;
    if (launchType !== undefined || strategy.length === 0)
      throw invalidParameter('No Container Instances were found in your cluster.');
    checkStrategy(strategy, cluster.capacityProviders);
    const capacityProvider = pick(strategy, random);
    return { market: capacityProvider === 'FARGATE_SPOT' ? 'spot' : 'on-demand', capacityProvider };
  }
}

function checkStrategy(strategy: readonly CapacityProviderStrategyItem[], known: readonly string[]): void {
  if (strategy.length > 20)
    throw invalidParameter('A capacity provider strategy takes at most 20 capacity providers.');
  if (strategy.some(({ capacityProvider = '' }) => !known.includes(capacityProvider)))
    throw invalidParameter(
      'The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster. Associate the capacity provider with the cluster or specify a valid capacity provider and try again.',
    );
  if (strategy.length > 1 && strategy.every(({ weight = 0 }) => weight === 0))
    throw invalidParameter(
      'A capacity provider strategy needs a capacity provider with a weight above zero.',
    );
}

/** The base first, then by weight. */
function pick(strategy: readonly CapacityProviderStrategyItem[], random: () => number): string {
  const based =
    strategy.find(({ base = 0 }) => base > 0) ?? (strategy.length === 1 ? strategy[0] : undefined);
  if (based?.capacityProvider !== undefined) return based.capacityProvider;
  let left = random() * strategy.reduce((sum, { weight = 0 }) => sum + weight, 0);
  for (const { capacityProvider = '', weight = 0 } of strategy) {
    left -= weight;
    if (left < 0) return capacityProvider;
  }
  return strategy.at(-1)?.capacityProvider ?? '';
}
