import { DescribeTasksCommand, RegisterTaskDefinitionCommand, StopTaskCommand } from '@aws-sdk/client-ecs';
import { expect, it } from 'vitest';
import { cluster, definition, EcsStage, refusal } from '../testing/stage.ts';
import { quotaMessage } from './quota.ts';
import { outOfStockMessage } from './stock.ts';

const both = { networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0a11', 'subnet-0b22'] } } };
const spot = { capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }] };

it('a shortage is a failure in an answer of HTTP 200, by zone and market', async () => {
  await using stage = await EcsStage.start();
  const arn = await stage.define();
  stage.cloud.stock.set('us-east-1a', 'on-demand', 0);
  const answer = await stage.run(arn);
  expect(answer).toMatchObject({ tasks: [], failures: [{ reason: outOfStockMessage }] });
  expect(answer.$metadata.httpStatusCode).toBe(200);
  expect(stage.cloud.instances()).toEqual([]);
  expect((await stage.run(arn, both)).tasks?.[0]?.availabilityZone).toBe('us-east-1b');
  expect((await stage.run(arn, spot)).tasks?.[0]?.availabilityZone).toBe('us-east-1a');
});

it('a shortage uses up no token', async () => {
  await using stage = await EcsStage.start();
  const arn = await stage.define();
  stage.cloud.stock.set('*', 'on-demand', 0);
  expect((await stage.run(arn, { clientToken: 'one' })).failures).toHaveLength(1);
  stage.cloud.stock.refill();
  expect((await stage.run(arn, { clientToken: 'one' })).tasks).toHaveLength(1);
});

it('a place is free again when its task has stopped', async () => {
  await using stage = await EcsStage.start();
  const arn = await stage.define();
  stage.cloud.stock.set('us-east-1a', 'on-demand', 1);
  const { tasks = [] } = await stage.run(arn);
  expect((await stage.run(arn)).failures).toHaveLength(1);
  await stage.ecs.send(new StopTaskCommand({ cluster, task: tasks[0]?.taskArn }));
  await stage.clock.advance(1_000);
  expect((await stage.run(arn)).tasks).toHaveLength(1);
});

it('a shortage may be told late', async () => {
  await using stage = await EcsStage.start();
  stage.cloud.stock.set('us-east-1a', 'on-demand', 0);
  stage.cloud.stock.tellsLate = true;
  const arn = await stage.start();
  expect(await stage.status(arn)).toBe('PROVISIONING');
  await stage.clock.advance(1_000);
  const task = await stage.task(arn);
  expect(task).toMatchObject({
    lastStatus: 'STOPPED',
    stopCode: 'TaskFailedToStart',
    stoppedReason: outOfStockMessage,
  });
  expect(task?.pullStartedAt).toBeUndefined();
  expect(stage.cloud.bill()).toEqual([]);
});

it('a quota counts vCPU that is in use, by market', async () => {
  await using stage = await EcsStage.start();
  const arn = await stage.define();
  stage.cloud.quota.set('on-demand', 0.5);
  const [first] = (await stage.run(arn, { count: 2 })).tasks ?? [];
  expect(await stage.run(arn)).toMatchObject({ tasks: [], failures: [{ reason: quotaMessage }] });
  await stage.run(arn, spot);
  await stage.ecs.send(new StopTaskCommand({ cluster, task: first?.taskArn }));
  await stage.clock.advance(1_000);
  await stage.run(arn);
  expect(stage.cloud.quota.used('on-demand')).toBe(0.5);
});

it('the calls of a group share a bucket, and what is refused is counted', async () => {
  await using stage = await EcsStage.start();
  const register = () => stage.ecs.send(new RegisterTaskDefinitionCommand(definition()));
  await Promise.all(Array.from({ length: 20 }, register));
  expect(await refusal(register())).toBe('ThrottlingException: Rate exceeded');
  await stage.clock.advance(999);
  expect(await refusal(register())).toMatch(/^ThrottlingException/);
  await stage.clock.advance(1);
  await register();
  expect(stage.cloud.throttles.counts().definitionWrites).toEqual({ taken: 21, refused: 2 });
  expect(stage.cloud.calls.throttledShare).toBeCloseTo(2 / 23);
});

it('a stop takes from the bucket of runs', async () => {
  await using stage = await EcsStage.start({ rates: { tasks: { burst: 2, perSecond: 1 } } });
  const task = await stage.start();
  const stop = () => stage.ecs.send(new StopTaskCommand({ cluster, task }));
  await stop();
  expect(await refusal(stop())).toMatch(/^ThrottlingException/);
});

it('rates can be set', async () => {
  await using stage = await EcsStage.start({ rates: { taskReads: { burst: 1, perSecond: 1 } } });
  const describe = () => stage.ecs.send(new DescribeTasksCommand({ cluster, tasks: ['x'] }));
  await describe();
  expect(await refusal(describe())).toMatch(/^ThrottlingException/);
});

it('RunTask on Fargate has a rate of its own, however many tasks it starts', async () => {
  await using stage = await EcsStage.start();
  const arn = await stage.define();
  await Promise.all(Array.from({ length: 20 }, () => stage.run(arn)));
  expect(await refusal(stage.run(arn))).toBe('ThrottlingException: Rate exceeded');
  expect(stage.cloud.throttles.counts()).toMatchObject({
    fargateRuns: { taken: 20, refused: 1 },
    tasks: { taken: 21, refused: 0 },
  });
});

it('launches have a rate of their own in each market', async () => {
  await using stage = await EcsStage.start({ rates: { launchOnDemand: { burst: 2, perSecond: 1 } } });
  const arn = await stage.define();
  await stage.run(arn, { count: 2 });
  expect(await refusal(stage.run(arn))).toBe('ThrottlingException: Rate exceeded');
  await stage.run(arn, spot);
  await stage.clock.advance(1_000);
  expect(await refusal(stage.run(arn, { count: 2 }))).toBe('ThrottlingException: Rate exceeded');
  expect(stage.cloud.instances()).toHaveLength(3);
  await stage.clock.advance(1_000);
  await stage.run(arn);
});

it('an override of the size is what is billed', async () => {
  await using stage = await EcsStage.start();
  await stage.start([{}], { overrides: { cpu: '1024', memory: '4096' } });
  await stage.pastStart();
  expect(stage.cloud.bill()).toMatchObject([{ vcpu: 1, gb: 4 }]);
  expect(stage.cloud.quota.used('on-demand')).toBe(1);
});

it('the bill runs from the pull to the end, per second, for a minute at least', async () => {
  await using stage = await EcsStage.start();
  const [short, long] = [await stage.start(), await stage.start([{}], spot)];
  await stage.pastStart();
  await stage.ecs.send(new StopTaskCommand({ cluster, task: short }));
  await stage.clock.advance(100_000);
  await stage.ecs.send(new StopTaskCommand({ cluster, task: long }));
  await stage.clock.advance(1_000);
  const [first, second] = stage.cloud.bill();
  expect(first).toMatchObject({ taskArn: short, market: 'on-demand', vcpu: 0.25, gb: 0.5, seconds: 60 });
  expect(first?.amount).toBeCloseTo(((0.25 * 0.04048 + 0.5 * 0.004445) * 60) / 3600, 10);
  const task = stage.cloud.task(long);
  expect(second).toMatchObject({
    market: 'spot',
    seconds: 101,
    startedAt: task.pullStartedAt?.getTime(),
    endedAt: task.stoppedAt?.getTime(),
  });
  await stage.clock.advance(60_000);
  expect(stage.cloud.bill()[1]).toEqual(second);
});
