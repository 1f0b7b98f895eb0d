import type {
  Cluster,
  DescribeClustersRequest,
  ListTagsForResourceRequest,
  PutClusterCapacityProvidersRequest,
  Tag,
  TagResourceRequest,
  UntagResourceRequest,
} from '@aws-sdk/client-ecs';
import type { DefinitionRegistry } from '../definitions/definition-registry.ts';
import { invalidParameter } from '../door/service-error.ts';
import type { Clusters, FakeCluster } from '../tasks/clusters.ts';
import type { Fleet } from '../tasks/fleet.ts';
import { checkTags } from '../tasks/validate-tags.ts';
import { type Action, action } from './action.ts';

export interface ClusterActionsDeps {
  readonly clusters: Clusters;
  readonly definitions: DefinitionRegistry;
  readonly fleet: Fleet;
}

export function clusterActions({ clusters, definitions, fleet }: ClusterActionsDeps): Record<string, Action> {
  function describe({ clusters: names = ['default'] }: DescribeClustersRequest): object {
    const found = names.map((name) => ({ name, cluster: clusters.seek(name) }));
    return {
      clusters: found.flatMap(({ cluster }) => (cluster === undefined ? [] : [viewCluster(cluster)])),
      failures: found.flatMap(({ name, cluster }) =>
        cluster === undefined ? [{ arn: name, reason: 'MISSING' }] : [],
      ),
    };
  }

  function put(request: PutClusterCapacityProvidersRequest): object {
    const cluster = clusters.find(request.cluster);
    clusters.put(cluster, request.capacityProviders ?? [], request.defaultCapacityProviderStrategy ?? []);
    return { cluster: viewCluster(cluster) };
  }

  function viewCluster(cluster: FakeCluster): Cluster {
    const tasks = fleet.all().filter((task) => task.cluster === cluster);
    const count = (...statuses: string[]): number =>
      tasks.filter(({ life }) => statuses.includes(life.status)).length;
    return {
      clusterArn: cluster.arn,
      clusterName: cluster.name,
      status: 'ACTIVE',
      registeredContainerInstancesCount: 0,
      runningTasksCount: count('RUNNING'),
      pendingTasksCount: count('PROVISIONING', 'PENDING', 'ACTIVATING'),
      activeServicesCount: 0,
      statistics: [],
      tags: [],
      settings: [],
      capacityProviders: [...cluster.capacityProviders],
      defaultCapacityProviderStrategy: [...cluster.defaultStrategy],
    };
  }

  /** What carries tags here: tasks and task definitions. */
  function tagged(arn = ''): { get(): readonly Tag[]; set(tags: readonly Tag[]): void } {
    if (arn.includes(':task-definition/'))
      return {
        get: () => definitions.find(arn).tags,
        set: (tags) => definitions.setTags(arn, tags),
      };
    const task = fleet.find(arn);
    if (task === undefined || !arn.includes(':'))
      throw invalidParameter(
        `The specified resource cannot be found: ${arn}. Specify a valid ARN and try again.`,
      );
    return { get: () => task.tags, set: (tags) => Object.assign(task, { tags }) };
  }

  function tag({ resourceArn, tags = [] }: TagResourceRequest): object {
    const place = tagged(resourceArn);
    const keys = new Set(tags.map(({ key }) => key));
    const merged = [...place.get().filter(({ key }) => !keys.has(key)), ...tags];
    checkTags(merged);
    place.set(merged);
    return {};
  }

  function untag({ resourceArn, tagKeys = [] }: UntagResourceRequest): object {
    const place = tagged(resourceArn);
    place.set(place.get().filter(({ key = '' }) => !tagKeys.includes(key)));
    return {};
  }

  return {
    DescribeClusters: action(describe),
    PutClusterCapacityProviders: action(put),
    TagResource: action(tag),
    UntagResource: action(untag),
    ListTagsForResource: action(({ resourceArn }: ListTagsForResourceRequest) => ({
      tags: tagged(resourceArn).get(),
    })),
  };
}
