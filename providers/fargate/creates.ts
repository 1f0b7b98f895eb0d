import type { ConflictException, RunTaskRequest, Task } from '@aws-sdk/client-ecs';
import type { Instance, InstanceSpec, Purchase } from '../contract/index.ts';
import { ownershipTags, ProviderError } from '../contract/index.ts';
import type { EcsApi } from './api/ecs-api.ts';
import { runFailure } from './api/errors.ts';
import { draftTask, planTask, type TaskPlan } from './definition/plan-task.ts';
import type { Definitions } from './definitions.ts';
import { capacityProviders, subnetOf } from './offers.ts';
import type { FargateOptions } from './options.ts';
import type { SecretStore } from './secrets/secret-store.ts';
import { stow, withReferences } from './secrets/stowage.ts';
import { ownerOf } from './task/owner.ts';
import { startedBy, type Tasks } from './tasks.ts';

export interface CreatesDeps {
  readonly api: Pick<EcsApi, 'runTask' | 'describeTasks'>;
  readonly definitions: Pick<Definitions, 'arnOf' | 'drop'>;
  readonly tasks: Pick<Tasks, 'put'>;
  readonly options: FargateOptions;
  /** Absent = secrets go into the overrides. */
  readonly secrets?: Pick<SecretStore, 'hold'>;
}

const inactive = /task ?definition.*(inactive|not found)|unable to (find|describe) task definition/i;

/** Makes tasks. */
export class Creates {
  readonly #deps: CreatesDeps;

  constructor(deps: CreatesDeps) {
    this.#deps = deps;
  }

  /** As InstanceProvider.create: one task, bought exactly as the purchase says. */
  async create(spec: InstanceSpec, token: string, signal: AbortSignal): Promise<Instance> {
    signal.throwIfAborted();
    const { options, tasks } = this.#deps;
    const { purchase } = spec;
    if (purchase === undefined) throw new ProviderError('InvalidSpec', 'no offer was chosen for this Pod');
    const subnet = subnetOf(options, purchase.offer);
    if (subnet === undefined)
      throw new ProviderError(
        'OutOfStock',
        `there is no offer ${purchase.offer} any more: it has no subnet`,
        {
          offer: purchase.offer,
        },
      );
    const draft = draftTask(spec, options);
    const start = async (plan: TaskPlan): Promise<Instance> => {
      const request = requestOf(spec, purchase, plan, subnet, token, options);
      const task = await this.#run(request, plan, purchase, signal);
      return tasks.put(await this.#whole(task, signal), spec.owner, signal);
    };
    if (this.#deps.secrets === undefined) return start(planTask(draft));
    const stowage = stow(draft.drafts);
    const held = await this.#deps.secrets.hold(stowage.texts, spec.owner, signal);
    try {
      const drafts = withReferences(draft.drafts, stowage, held.stored);
      return await start(planTask({ ...draft, drafts }));
    } finally {
      // From here on the table says what the task uses.
      held.release();
    }
  }

  async #run(
    request: Omit<RunTaskRequest, 'taskDefinition'>,
    plan: TaskPlan,
    purchase: Purchase,
    signal: AbortSignal,
  ): Promise<Task> {
    const { api, definitions } = this.#deps;
    const attempt = async (): Promise<Task> => {
      const taskDefinition = await definitions.arnOf(plan.definition, signal);
      const { tasks = [], failures = [] } = await api.runTask(
        { ...request, taskDefinition },
        purchase.market,
        signal,
      );
      const [task] = tasks;
      if (task?.taskArn !== undefined) return task;
      const [failure] = failures;
      if (failure !== undefined) throw runFailure(failure, purchase.offer);
      throw new ProviderError('Retryable', 'RunTask: answered with neither a task nor a failure');
    };
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      const earlier = await this.#ofToken(error, request, signal);
      if (earlier !== undefined) return earlier;
      // Another node has retired it; it is registered anew.
      if (inactive.test(error.message)) {
        definitions.drop(plan.definition);
        return attempt();
      }
      if (error.kind === 'OutOfStock')
        throw new ProviderError('OutOfStock', error.message, { offer: purchase.offer, cause: error });
      throw error;
    }
  }

  /** The task that the token has made already, when an earlier call asked for it in other words. */
  async #ofToken(
    { cause }: ProviderError,
    { tags = [] }: Pick<RunTaskRequest, 'tags'>,
    signal: AbortSignal,
  ): Promise<Task | undefined> {
    if (!isConflict(cause) || cause.resourceIds === undefined || cause.resourceIds.length === 0)
      return undefined;
    const { tasks } = await this.#deps.api.describeTasks(cause.resourceIds, signal, 'create');
    const wanted = ownerOf({ tags });
    return tasks.find((task) => {
      const owner = ownerOf(task);
      return owner?.podUid === wanted?.podUid && owner?.attempt === wanted?.attempt;
    });
  }

  /** A repeated call may be answered with the ARN and the status alone. */
  async #whole(task: Task, signal: AbortSignal): Promise<Task> {
    if (task.createdAt !== undefined && task.taskDefinitionArn !== undefined) return task;
    const { tasks } = await this.#deps.api.describeTasks([task.taskArn ?? ''], signal, 'create');
    const [found] = tasks;
    if (found === undefined)
      throw new ProviderError('Retryable', 'DescribeTasks: the task of this token cannot be seen yet');
    return found;
  }
}

/** For the same spec and token always the same: ECS compares. */
function requestOf(
  spec: InstanceSpec,
  purchase: Purchase,
  { overrides }: TaskPlan,
  subnet: string,
  token: string,
  options: FargateOptions,
): Omit<RunTaskRequest, 'taskDefinition'> {
  const { securityGroups, assignPublicIp, enableExecuteCommand } = options;
  return {
    count: 1,
    clientToken: token,
    startedBy: startedBy(spec.owner),
    capacityProviderStrategy: [{ capacityProvider: capacityProviders[purchase.market], weight: 1 }],
    networkConfiguration: {
      awsvpcConfiguration: {
        subnets: [subnet],
        ...(securityGroups.length > 0 && { securityGroups: [...securityGroups] }),
        assignPublicIp: assignPublicIp ? 'ENABLED' : 'DISABLED',
      },
    },
    overrides,
    tags: Object.entries(ownershipTags(spec.owner)).map(([key, value]) => ({ key, value })),
    ...(enableExecuteCommand && { enableExecuteCommand }),
  };
}

/** By name: the class belongs to the SDK, which is not loaded here. */
function isConflict(error: unknown): error is ConflictException {
  return error instanceof Error && error.name === 'ConflictException';
}
