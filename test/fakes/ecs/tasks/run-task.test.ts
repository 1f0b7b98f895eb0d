import type { RunTaskCommandInput } from '@aws-sdk/client-ecs';
import {
  DescribeClustersCommand,
  PutClusterCapacityProvidersCommand,
  StopTaskCommand,
} from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { cluster, EcsStage, refusal, runInput } from '../testing/stage.ts';

const network = (subnets: string[], securityGroups: string[] = []): Partial<RunTaskCommandInput> => ({
  networkConfiguration: { awsvpcConfiguration: { subnets, securityGroups } },
});
const strategy = (capacityProvider: string): Partial<RunTaskCommandInput> => ({
  capacityProviderStrategy: [{ capacityProvider, weight: 1 }],
});

const refused: readonly [what: string, more: Partial<RunTaskCommandInput>, why: RegExp][] = [
  ['another cluster', { cluster: 'other' }, /^ClusterNotFoundException: Cluster not found\.$/],
  ['an unknown definition', { taskDefinition: 'other' }, /^ClientException: TaskDefinition not found\.$/],
  ['eleven tasks', { count: 11 }, /^InvalidParameterException: Task count/],
  ['no network', { networkConfiguration: undefined }, /Network Configuration must be provided/],
  ['no subnet', network([]), /subnets can not be empty/],
  ['an unknown subnet', network(['subnet-x']), /InvalidSubnetID\.NotFound/],
  ['an unknown security group', network(['subnet-0a11'], ['sg-x']), /InvalidGroup\.NotFound/],
  [
    'both ways to buy',
    { launchType: 'FARGATE', ...strategy('FARGATE') },
    /both a launch type and capacity provider/,
  ],
  ['a launch type without machines', { launchType: 'EC2' }, /No Container Instances were found/],
  ['no way to buy', { launchType: undefined }, /No Container Instances were found/],
  ['an unknown platform', { platformVersion: '0.9' }, /^PlatformUnknownException/],
  ['a strange startedBy', { startedBy: 'a b' }, /startedBy/],
  ['a long startedBy', { startedBy: 'a'.repeat(129) }, /startedBy/],
  [
    'long overrides',
    { overrides: { containerOverrides: [{ name: 'main', command: ['x'.repeat(8192)] }] } },
    /Overrides length must be at most 8192/,
  ],
  [
    'overrides of nobody',
    { overrides: { containerOverrides: [{ name: 'x' }] } },
    /is not a container in the TaskDefinition/,
  ],
  ['an override of the size', { overrides: { memory: '8192' } }, /No Fargate configuration/],
  ['exec without a role', { enableExecuteCommand: true }, /taskRoleArn/],
  ['a long token', { clientToken: 'x'.repeat(65) }, /clientToken/],
  ['a token with a space', { clientToken: 'a b' }, /clientToken/],
  ['a tag key that is too long', { tags: [{ key: 'k'.repeat(129), value: '' }] }, /key of a tag/],
  ['a reserved tag', { tags: [{ key: 'aws:x', value: '' }] }, /reserved/],
  ['a tag twice', { tags: [{ key: 'a' }, { key: 'a' }] }, /Duplicate/],
  ['a tag with a bad character', { tags: [{ key: 'a', value: '{}' }] }, /allowed in tags/],
];

describe('what RunTask refuses', () => {
  it.each(refused)('%s', async (_what, more, why) => {
    await using stage = await EcsStage.start();
    const input = { ...runInput(await stage.define()), ...more };
    expect(await refusal(stage.run('', { capacityProviderStrategy: undefined, ...input }))).toMatch(why);
    expect(stage.cloud.instances()).toEqual([]);
  });
});

describe('capacity providers', () => {
  it('FARGATE_SPOT works only once it is put on the cluster', async () => {
    await using stage = await EcsStage.start({ clusters: { burstlet: [] } });
    const arn = await stage.define();
    expect(await refusal(stage.run(arn, strategy('FARGATE_SPOT')))).toMatch(
      /^InvalidParameterException: The specified capacity provider strategy cannot contain a capacity provider that is not associated/,
    );
    const put = {
      cluster,
      capacityProviders: ['FARGATE', 'FARGATE_SPOT'],
      defaultCapacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }],
    };
    await stage.ecs.send(new PutClusterCapacityProvidersCommand(put));
    const { clusters } = await stage.ecs.send(new DescribeClustersCommand({ clusters: [cluster, 'x'] }));
    expect(clusters?.[0]).toMatchObject({ capacityProviders: put.capacityProviders, status: 'ACTIVE' });
    const { tasks = [] } = await stage.run(arn, strategy('FARGATE_SPOT'));
    expect(tasks[0]).toMatchObject({ capacityProviderName: 'FARGATE_SPOT' });
    expect(tasks[0]?.launchType).toBeUndefined();
    const byDefault = await stage.run(arn, { launchType: undefined });
    expect(byDefault.tasks?.[0]?.capacityProviderName).toBe('FARGATE_SPOT');
    const byType = await stage.run(arn);
    expect(byType.tasks?.[0]).toMatchObject({ launchType: 'FARGATE' });
  });

  it('the base comes first, then the weights', async () => {
    const draws = [0.1, 0.9];
    await using stage = await EcsStage.start({ random: () => draws[0] ?? 0 });
    const arn = await stage.define();
    const mixed = [
      { capacityProvider: 'FARGATE', weight: 1 },
      { capacityProvider: 'FARGATE_SPOT', weight: 1 },
    ];
    const bought = async (capacityProviderStrategy: RunTaskCommandInput['capacityProviderStrategy']) =>
      (await stage.run(arn, { capacityProviderStrategy })).tasks?.[0]?.capacityProviderName;
    expect(await bought(mixed)).toBe('FARGATE');
    draws.shift();
    expect(await bought(mixed)).toBe('FARGATE_SPOT');
    expect(await bought([{ capacityProvider: 'FARGATE', base: 1 }, ...mixed.slice(1)])).toBe('FARGATE');
    expect(await refusal(bought(mixed.map((one) => ({ ...one, weight: 0 }))))).toMatch(/weight above zero/);
  });
});

describe('client tokens', () => {
  it('the same token and parameters give the same task, also while it runs', async () => {
    await using stage = await EcsStage.start();
    const arn = await stage.define();
    const first = await stage.run(arn, { clientToken: 'one' });
    expect(await stage.run(arn, { clientToken: 'one' })).toMatchObject({ tasks: first.tasks });
    await stage.pastStart();
    const later = await stage.run(arn, { clientToken: 'one' });
    expect(later.tasks).toEqual(first.tasks);
    expect(stage.cloud.instances()).toHaveLength(1);
    await stage.run(arn, { clientToken: 'two' });
    expect(stage.cloud.instances()).toHaveLength(2);
  });

  it('other parameters are a conflict that names the task', async () => {
    await using stage = await EcsStage.start();
    const arn = await stage.define();
    const { tasks = [] } = await stage.run(arn, { clientToken: 'one' });
    await expect(stage.run(arn, { clientToken: 'one', startedBy: 'other' })).rejects.toMatchObject({
      name: 'ConflictException',
      resourceIds: [tasks[0]?.taskArn],
    });
    expect(stage.cloud.instances()).toHaveLength(1);
  });

  it('a token counts until an hour after the end of its task, then it is free again', async () => {
    await using stage = await EcsStage.start({ stages: { retention: 7_200_000 } });
    const arn = await stage.define();
    const run = () => stage.run(arn, { clientToken: 'one' });
    const [task] = (await run()).tasks ?? [];
    await stage.pastStart();
    await stage.ecs.send(new StopTaskCommand({ cluster, task: task?.taskArn }));
    await stage.clock.advance(1_000);
    expect((await run()).tasks).toEqual([
      { taskArn: task?.taskArn, lastStatus: 'STOPPED', desiredStatus: 'STOPPED' },
    ]);
    await stage.clock.advance(3_600_000);
    expect((await run()).tasks?.[0]?.taskArn).not.toBe(task?.taskArn);
  });

  it('and no longer than 24 hours', async () => {
    await using stage = await EcsStage.start();
    const arn = await stage.define();
    const run = () => stage.run(arn, { clientToken: 'one' });
    await run();
    await stage.clock.advance(86_399_000);
    await run();
    expect(stage.cloud.instances()).toHaveLength(1);
    await stage.clock.advance(1_000);
    await run();
    expect(stage.cloud.instances()).toHaveLength(2);
  });
});

it('tags of the definition come along when that is asked for', async () => {
  await using stage = await EcsStage.start();
  const arn = await stage.define([{}], {
    tags: [
      { key: 'a', value: 'definition' },
      { key: 'b', value: 'b' },
    ],
  });
  const { tasks = [] } = await stage.run(arn, {
    propagateTags: 'TASK_DEFINITION',
    tags: [{ key: 'a', value: 'own' }],
  });
  expect(tasks[0]?.tags).toEqual([
    { key: 'a', value: 'own' },
    { key: 'b', value: 'b' },
  ]);
});

it('ten tasks come from one call', async () => {
  await using stage = await EcsStage.start();
  const { tasks = [] } = await stage.run(await stage.define(), { count: 10 });
  expect(new Set(tasks.map(({ taskArn }) => taskArn)).size).toBe(10);
});
