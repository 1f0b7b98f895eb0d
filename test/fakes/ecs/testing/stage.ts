import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import type {
  ContainerDefinition,
  RegisterTaskDefinitionCommandInput,
  RunTaskCommandInput,
  Task,
} from '@aws-sdk/client-ecs';
import {
  DescribeTasksCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
} from '@aws-sdk/client-ecs';
import { SQSClient } from '@aws-sdk/client-sqs';
import { FakeClock } from '../../../../src/telemetry/fake-clock.ts';
import { type FakeEcs, type FakeEcsOptions, startFakeEcs } from '../index.ts';
import { scriptVariable } from '../life/program.ts';

export const cluster = 'burstlet';

/** A fake on a clock that stands still, with the vendor's SDKs in front of it, which try each call once. */
export class EcsStage {
  readonly fake: FakeEcs;
  readonly clock: FakeClock;
  readonly ecs: ECSClient;
  readonly logs: CloudWatchLogsClient;
  readonly sqs: SQSClient;

  private constructor(fake: FakeEcs, clock: FakeClock) {
    this.fake = fake;
    this.clock = clock;
    const { endpoint, credentials } = fake;
    const config = { endpoint, credentials, region: fake.cloud.region, maxAttempts: 1 };
    this.ecs = new ECSClient(config);
    this.logs = new CloudWatchLogsClient(config);
    this.sqs = new SQSClient(config);
  }

  static async start(options: FakeEcsOptions = {}): Promise<EcsStage> {
    const clock = new FakeClock();
    return new EcsStage(await startFakeEcs({ clock, ...options }), clock);
  }

  get cloud(): FakeEcs['cloud'] {
    return this.fake.cloud;
  }

  /** Registers these containers and resolves with the ARN. */
  async define(
    containers: readonly Partial<ContainerDefinition>[] = [{}],
    more: Partial<RegisterTaskDefinitionCommandInput> = {},
  ): Promise<string> {
    const input = definition(containers, more);
    const { taskDefinition } = await this.ecs.send(new RegisterTaskDefinitionCommand(input));
    return taskDefinition?.taskDefinitionArn ?? '';
  }

  run(taskDefinition: string, more: Partial<RunTaskCommandInput> = {}) {
    return this.ecs.send(new RunTaskCommand(runInput(taskDefinition, more)));
  }

  /** Registers, runs, and resolves with the ARN of the one task. */
  async start(
    containers: readonly Partial<ContainerDefinition>[] = [{}],
    more: Partial<RunTaskCommandInput> = {},
  ): Promise<string> {
    const { tasks = [] } = await this.run(await this.define(containers), more);
    return tasks[0]?.taskArn ?? '';
  }

  /** As DescribeTasks shows it, with tags; undefined when it is MISSING. */
  async task(arn: string): Promise<Task | undefined> {
    const input = { cluster, tasks: [arn], include: ['TAGS' as const] };
    return (await this.ecs.send(new DescribeTasksCommand(input))).tasks?.[0];
  }

  async status(arn: string): Promise<string | undefined> {
    return (await this.task(arn))?.lastStatus;
  }

  /** Through the stages of the default options, until a task runs. */
  pastStart(): Promise<void> {
    return this.clock.advance(450);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of [this.ecs, this.logs, this.sqs]) client.destroy();
    await this.fake.close();
  }
}

export function definition(
  containers: readonly Partial<ContainerDefinition>[] = [{}],
  more: Partial<RegisterTaskDefinitionCommandInput> = {},
): RegisterTaskDefinitionCommandInput {
  return {
    family: 'web',
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    cpu: '256',
    memory: '512',
    containerDefinitions: containers.map((container, index) => ({
      name: index === 0 ? 'main' : `side-${index}`,
      image: 'busybox:1.36',
      ...container,
    })),
    ...more,
  };
}

export function runInput(
  taskDefinition: string,
  more: Partial<RunTaskCommandInput> = {},
): RunTaskCommandInput {
  return {
    cluster,
    taskDefinition,
    ...(more.capacityProviderStrategy === undefined && { launchType: 'FARGATE' as const }),
    networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0a11'], securityGroups: ['sg-0c33'] } },
    ...more,
  };
}

/** What a container does, as its environment. */
export function script(program: object): ContainerDefinition['environment'] {
  return [{ name: scriptVariable, value: JSON.stringify(program) }];
}

/** What a call was refused with: `ClientException: Cluster not found.` */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
  return 'no error';
}
