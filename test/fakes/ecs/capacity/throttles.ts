import { type BucketRate, TokenBucket } from './token-bucket.ts';

/**
 * The buckets of docs.aws.amazon.com/AmazonECS/latest/developerguide/request-throttling.html, and the launch rate of
 * .../throttling.html. The actions of a bucket share it.
 */
export const vendorRates = {
  tasks: { burst: 100, perSecond: 40 },
  taskReads: { burst: 100, perSecond: 20 },
  definitionWrites: { burst: 20, perSecond: 1 },
  definitionDeletes: { burst: 5, perSecond: 1 },
  definitionReads: { burst: 50, perSecond: 20 },
  tagWrites: { burst: 20, perSecond: 10 },
  tagReads: { burst: 50, perSecond: 20 },
  clusterWrites: { burst: 20, perSecond: 1 },
  clusterReads: { burst: 50, perSecond: 20 },
  /** Calls of RunTask on Fargate, whatever the market and however many tasks. */
  fargateRuns: { burst: 20, perSecond: 20 },
  launchOnDemand: { burst: 100, perSecond: 20 },
  launchSpot: { burst: 100, perSecond: 20 },
  /** docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
  secretCreates: { burst: 50, perSecond: 50 },
  secretDeletes: { burst: 50, perSecond: 50 },
  secretLists: { burst: 100, perSecond: 100 },
  secretReads: { burst: 10_000, perSecond: 10_000 },
} as const satisfies Readonly<Record<string, BucketRate>>;

export type ThrottleGroup = keyof typeof vendorRates;

export const groupOf: Readonly<Record<string, ThrottleGroup>> = {
  RunTask: 'tasks',
  StopTask: 'tasks',
  ExecuteCommand: 'tasks',
  DescribeTasks: 'taskReads',
  ListTasks: 'taskReads',
  RegisterTaskDefinition: 'definitionWrites',
  DeregisterTaskDefinition: 'definitionWrites',
  DeleteTaskDefinitions: 'definitionDeletes',
  DescribeTaskDefinition: 'definitionReads',
  ListTaskDefinitions: 'definitionReads',
  ListTaskDefinitionFamilies: 'definitionReads',
  TagResource: 'tagWrites',
  UntagResource: 'tagWrites',
  ListTagsForResource: 'tagReads',
  PutClusterCapacityProviders: 'clusterWrites',
  DescribeClusters: 'clusterReads',
  CreateSecret: 'secretCreates',
  DeleteSecret: 'secretDeletes',
  ListSecrets: 'secretLists',
  DescribeSecret: 'secretReads',
  GetSecretValue: 'secretReads',
};

export type ThrottleRates = Partial<Record<ThrottleGroup, BucketRate>> | 'unlimited';

export interface ThrottleCount {
  readonly taken: number;
  readonly refused: number;
}

/** All buckets of an account in a region. */
export class Throttles {
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(rates: ThrottleRates) {
    const unlimited = { burst: Number.POSITIVE_INFINITY, perSecond: 0 };
    for (const [group, rate] of Object.entries(vendorRates)) {
      const own = rates === 'unlimited' ? unlimited : { ...vendorRates, ...rates }[group as ThrottleGroup];
      this.#buckets.set(group, new TokenBucket(own ?? rate));
    }
  }

  take(group: ThrottleGroup, now: number): boolean {
    return this.#buckets.get(group)?.take(now) ?? true;
  }

  counts(): Record<string, ThrottleCount> {
    const entries = [...this.#buckets].map(([group, { taken, refused }]) => [group, { taken, refused }]);
    return Object.fromEntries(entries);
  }
}
