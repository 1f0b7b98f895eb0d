import type {
  ECS,
  ListTasksRequest,
  RegisterTaskDefinitionRequest,
  RunTaskRequest,
  RunTaskResponse,
  Task,
  TaskDefinition,
} from '@aws-sdk/client-ecs';
import type { CallPriority, Market } from '../../contract/index.ts';
import { ProviderError } from '../../contract/index.ts';
import type { Session } from '../ssm/session-api.ts';
import { allPages } from './all-pages.ts';
import { type BoundedCall, boundedCalls } from './bounded-call.ts';
import type { Budgets } from './budgets.ts';
import type { Place } from './errors.ts';

export interface EcsApiDeps {
  readonly ecs: ECS;
  readonly budgets: Budgets;
  readonly place: Place;
}

/** Tasks in one DescribeTasks. */
const batchSize = 100;

export interface Described {
  readonly tasks: readonly Task[];
  /** ARNs that ECS knows no more, or not yet. */
  readonly missing: readonly string[];
}

/** The calls of ECS that the provider makes: each with its budget, a bound on its time, and errors that say what to do. */
export class EcsApi {
  readonly #deps: EcsApiDeps;
  readonly #call: BoundedCall;

  constructor(deps: EcsApiDeps) {
    this.#deps = deps;
    this.#call = boundedCalls(deps.place);
  }

  async runTask(
    request: Omit<RunTaskRequest, 'cluster'>,
    market: Market,
    signal: AbortSignal,
  ): Promise<RunTaskResponse> {
    const { budgets, ecs, place } = this.#deps;
    await budgets.fargate.take(signal, 'create');
    await budgets.launch[market].take(signal, 'create');
    return this.#call('RunTask', budgets.run, 'create', signal, (abortSignal) =>
      ecs.runTask({ ...request, cluster: place.cluster }, { abortSignal }),
    );
  }

  /** NotFound when there is no such task. Harmless for one that stops or has stopped. */
  async stopTask(task: string, reason: string, signal: AbortSignal): Promise<void> {
    const { budgets, ecs, place } = this.#deps;
    await this.#call('StopTask', budgets.run, 'delete', signal, (abortSignal) =>
      ecs.stopTask({ cluster: place.cluster, task, reason }, { abortSignal }),
    );
  }

  /** Starts a command in a container, on a terminal. It runs once the session is opened. */
  async executeCommand(
    {
      task,
      container,
      command,
    }: { readonly task: string; readonly container: string; readonly command: string },
    signal: AbortSignal,
  ): Promise<Session> {
    const { budgets, ecs, place } = this.#deps;
    const { cluster } = place;
    const { session } = await this.#call('ExecuteCommand', budgets.run, 'create', signal, (abortSignal) =>
      ecs.executeCommand({ cluster, task, container, command, interactive: true }, { abortSignal }),
    );
    const { sessionId: id = '', streamUrl = '', tokenValue: token = '' } = session ?? {};
    if (!/^wss:|^ws:\/\/(127\.0\.0\.1|\[::1\]|localhost)[:/]/.test(streamUrl) || token === '')
      throw new ProviderError('Retryable', 'ExecuteCommand: answered without a session that can be opened');
    return { id, streamUrl, token };
  }

  /** Complete or rejected. */
  async describeTasks(
    arns: readonly string[],
    signal: AbortSignal,
    priority?: CallPriority,
  ): Promise<Described> {
    const { budgets, ecs, place } = this.#deps;
    const tasks: Task[] = [];
    const missing: string[] = [];
    for (let start = 0; start < arns.length; start += batchSize) {
      const batch = arns.slice(start, start + batchSize);
      const answer = await this.#call('DescribeTasks', budgets.read, priority, signal, (abortSignal) =>
        ecs.describeTasks({ cluster: place.cluster, tasks: batch, include: ['TAGS'] }, { abortSignal }),
      );
      tasks.push(...(answer.tasks ?? []));
      for (const { arn, reason } of answer.failures ?? []) {
        if (reason !== 'MISSING' || arn === undefined)
          throw new ProviderError('Retryable', `DescribeTasks: ${reason ?? 'failed without a reason'}`);
        missing.push(arn);
      }
    }
    return { tasks, missing };
  }

  /** All pages, or rejected. */
  async listTasks(
    filter: Omit<ListTasksRequest, 'cluster' | 'nextToken'>,
    signal: AbortSignal,
  ): Promise<string[]> {
    const { budgets, ecs, place } = this.#deps;
    return allPages('ListTasks', async (nextToken) => {
      const answer = await this.#call('ListTasks', budgets.read, 'status', signal, (abortSignal) =>
        ecs.listTasks({ ...filter, cluster: place.cluster, nextToken }, { abortSignal }),
      );
      return { items: answer.taskArns ?? [], nextToken: answer.nextToken };
    });
  }

  async registerDefinition(request: RegisterTaskDefinitionRequest, signal: AbortSignal): Promise<string> {
    const { budgets, ecs } = this.#deps;
    const answer = await this.#call(
      'RegisterTaskDefinition',
      budgets.register,
      'create',
      signal,
      (abortSignal) => ecs.registerTaskDefinition(request, { abortSignal }),
    );
    const arn = answer.taskDefinition?.taskDefinitionArn;
    if (arn === undefined)
      throw new ProviderError('Retryable', 'RegisterTaskDefinition: answered without an ARN');
    return arn;
  }

  /** By ARN, or the newest active one of a family. Undefined when there is none. */
  async describeDefinition(name: string, signal: AbortSignal): Promise<TaskDefinition | undefined> {
    const { budgets, ecs } = this.#deps;
    try {
      const answer = await this.#call(
        'DescribeTaskDefinition',
        budgets.readDefinitions,
        'create',
        signal,
        (abortSignal) => ecs.describeTaskDefinition({ taskDefinition: name }, { abortSignal }),
      );
      return answer.taskDefinition;
    } catch (error) {
      // ECS has no error class of its own for it: ClientException "Unable to describe task definition."
      if (error instanceof ProviderError && error.kind === 'InvalidSpec') return undefined;
      throw error;
    }
  }

  async deregisterDefinition(arn: string, signal: AbortSignal): Promise<void> {
    const { budgets, ecs } = this.#deps;
    await this.#call('DeregisterTaskDefinition', budgets.register, 'log', signal, (abortSignal) =>
      ecs.deregisterTaskDefinition({ taskDefinition: arn }, { abortSignal }),
    );
  }

  async listFamilies(prefix: string, signal: AbortSignal): Promise<string[]> {
    const { budgets, ecs } = this.#deps;
    return allPages('ListTaskDefinitionFamilies', async (nextToken) => {
      const answer = await this.#call(
        'ListTaskDefinitionFamilies',
        budgets.readDefinitions,
        'log',
        signal,
        (abortSignal) =>
          ecs.listTaskDefinitionFamilies(
            { familyPrefix: prefix, status: 'ACTIVE', nextToken },
            { abortSignal },
          ),
      );
      return { items: answer.families ?? [], nextToken: answer.nextToken };
    });
  }
}
