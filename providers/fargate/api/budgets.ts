import { type Market, type ProviderClock, RateBudget } from '../../contract/index.ts';
import type { FargateOptions } from '../options.ts';

/**
 * Calls that share one limit at AWS share one budget here:
 * docs.aws.amazon.com/AmazonECS/latest/developerguide/request-throttling.html and throttling.html (launches);
 * docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html;
 * docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html. Nine tenths of each: others use the account.
 */
export class Budgets {
  /** RunTask, StopTask, ExecuteCommand. */
  readonly run: RateBudget;
  /** RunTask on Fargate, whatever the market: what binds long before the limit of `run` does. */
  readonly fargate: RateBudget;
  /** Launches on Fargate. */
  readonly launch: Readonly<Record<Market, RateBudget>>;
  /** DescribeTasks, ListTasks. */
  readonly read: RateBudget;
  /** RegisterTaskDefinition, DeregisterTaskDefinition. */
  readonly register: RateBudget;
  /** DescribeTaskDefinition, ListTaskDefinitionFamilies. */
  readonly readDefinitions: RateBudget;
  /** GetLogEvents. */
  readonly logs: RateBudget;
  /** CreateSecret. */
  readonly createSecret: RateBudget;
  /** DeleteSecret. */
  readonly deleteSecret: RateBudget;
  /** ListSecrets. */
  readonly listSecrets: RateBudget;
  /** DescribeSecret, which shares its limit with the reads of the tasks themselves: they shall find room. */
  readonly describeSecret: RateBudget;

  constructor(clock: ProviderClock) {
    const budget = (burst: number, perSecond: number): RateBudget =>
      new RateBudget({ burst: Math.floor(burst * 0.9), perSecond: perSecond * 0.9, clock });
    this.run = budget(100, 40);
    this.fargate = budget(20, 20);
    this.launch = { spot: budget(100, 20), 'on-demand': budget(100, 20) };
    this.read = budget(100, 20);
    this.register = budget(20, 1);
    this.readDefinitions = budget(50, 20);
    this.logs = budget(10, 10);
    this.createSecret = budget(50, 50);
    this.deleteSecret = budget(50, 50);
    this.listSecrets = budget(100, 100);
    this.describeSecret = budget(100, 100);
  }
}

/**
 * The budgets of an account, which all nodes of this process share. ECS counts by account and region; which account it is
 * the credentials decide, so those that were given by hand have budgets of their own.
 */
export function sharedBudgets(
  shared: Map<string, unknown> | undefined,
  { region, credentials }: Pick<FargateOptions, 'region' | 'credentials'>,
  clock: ProviderClock,
): Budgets {
  const name = `fargate/budgets/${region}/${credentials?.accessKeyId ?? 'default'}`;
  const known = shared?.get(name);
  if (known instanceof Budgets) return known;
  const budgets = new Budgets(clock);
  shared?.set(name, budgets);
  return budgets;
}
