import {
  DescribeTasksCommand,
  ListTagsForResourceCommand,
  ListTasksCommand,
  type ListTasksCommandInput,
  StopTaskCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-ecs';
import { expect, it } from 'vitest';
import { cluster, EcsStage, refusal } from '../testing/stage.ts';

async function list(stage: EcsStage, input: ListTasksCommandInput = {}): Promise<string[]> {
  return (await stage.ecs.send(new ListTasksCommand({ cluster, ...input }))).taskArns ?? [];
}

it('running and stopped tasks are listed apart, by what they shall be', async () => {
  await using stage = await EcsStage.start();
  const [stays, goes] = [await stage.start(), await stage.start()];
  await stage.pastStart();
  await stage.ecs.send(new StopTaskCommand({ cluster, task: goes }));
  expect(await list(stage)).toEqual([stays]);
  expect(await list(stage, { desiredStatus: 'STOPPED' })).toEqual([goes]);
  await stage.clock.advance(1_000);
  expect(await list(stage, { desiredStatus: 'STOPPED' })).toEqual([goes]);
  await stage.clock.advance(3_600_000);
  expect(await list(stage, { desiredStatus: 'STOPPED' })).toEqual([]);
  expect(stage.cloud.instances()).toHaveLength(2);
});

it('filters', async () => {
  await using stage = await EcsStage.start();
  const definition = await stage.define([{}], { family: 'other' });
  const other = (await stage.run(definition, { startedBy: 'me' })).tasks?.[0]?.taskArn;
  await stage.start();
  expect(await list(stage, { family: 'other' })).toEqual([other]);
  expect(await list(stage, { startedBy: 'me' })).toEqual([other]);
  expect(await list(stage, { startedBy: 'you' })).toEqual([]);
  expect(await list(stage, { cluster: 'default' })).toEqual([]);
  expect(await refusal(list(stage, { startedBy: 'me', family: 'other' }))).toMatch(/only filter/);
  expect(await refusal(list(stage, { cluster: 'nowhere' }))).toMatch(/^ClusterNotFoundException/);
  expect(await refusal(list(stage, { maxResults: 101 }))).toMatch(/maxResults/);
});

it('pages hold what they promise while tasks come and go', async () => {
  await using stage = await EcsStage.start({ rates: 'unlimited' });
  const definition = await stage.define();
  for (let call = 0; call < 25; call++) await stage.run(definition, { count: 10 });
  const found: string[] = [];
  let nextToken: string | undefined;
  let pages = 0;
  do {
    const page = await stage.ecs.send(new ListTasksCommand({ cluster, nextToken }));
    found.push(...(page.taskArns ?? []));
    nextToken = page.nextToken;
    pages++;
    await stage.ecs.send(new StopTaskCommand({ cluster, task: found[0] }));
  } while (nextToken !== undefined);
  expect(pages).toBe(3);
  expect(new Set(found).size).toBe(250);
});

it('what is not known is MISSING, by ARN or id; tags come when asked for', async () => {
  await using stage = await EcsStage.start();
  const arn = await stage.start([{}], { tags: [{ key: 'a', value: 'b' }] });
  const id = arn.split('/').at(-1) ?? '';
  const missing = `${arn.slice(0, -1)}x`;
  const { tasks, failures } = await stage.ecs.send(
    new DescribeTasksCommand({ cluster, tasks: [id, missing, 'f'.repeat(32)] }),
  );
  expect(tasks).toMatchObject([{ taskArn: arn, tags: [] }]);
  expect(failures).toEqual([
    { arn: missing, reason: 'MISSING' },
    { arn: `arn:aws:ecs:us-east-1:123456789012:task/burstlet/${'f'.repeat(32)}`, reason: 'MISSING' },
  ]);
  expect((await stage.task(arn))?.tags).toEqual([{ key: 'a', value: 'b' }]);
  const many = Array.from({ length: 101 }, (_, index) => `id-${index}`);
  const tooMany = stage.ecs.send(new DescribeTasksCommand({ cluster, tasks: many }));
  expect(await refusal(tooMany)).toMatch(/more than 100/);
  const elsewhere = await stage.ecs.send(new DescribeTasksCommand({ cluster: 'default', tasks: [arn] }));
  expect(elsewhere.failures).toMatchObject([{ arn, reason: 'MISSING' }]);
});

it('reads may lag behind', async () => {
  await using stage = await EcsStage.start({ lagMs: 1_000 });
  const arn = await stage.start();
  expect(await stage.task(arn)).toBeUndefined();
  expect(await list(stage)).toEqual([]);
  await stage.clock.advance(1_000);
  expect(await stage.status(arn)).toBe('PROVISIONING');
  expect(await list(stage)).toEqual([arn]);
  expect(stage.cloud.task(arn).lastStatus).toBe('RUNNING');
  await stage.clock.advance(450);
  expect(await stage.status(arn)).toBe('RUNNING');
  await stage.ecs.send(new StopTaskCommand({ cluster, task: arn }));
  expect((await stage.task(arn))?.desiredStatus).toBe('RUNNING');
  stage.cloud.lagMs = 0;
  expect((await stage.task(arn))?.desiredStatus).toBe('STOPPED');
});

it('tags of tasks and definitions can be read and changed', async () => {
  await using stage = await EcsStage.start();
  const definition = await stage.define([{}], { tags: [{ key: 'a', value: '1' }] });
  const [task] = (await stage.run(definition)).tasks ?? [];
  for (const resourceArn of [definition, task?.taskArn]) {
    const tags = [
      { key: 'a', value: '2' },
      { key: 'b', value: '3' },
    ];
    const read = async () => (await stage.ecs.send(new ListTagsForResourceCommand({ resourceArn }))).tags;
    await stage.ecs.send(new TagResourceCommand({ resourceArn, tags }));
    expect(await read()).toEqual(tags);
    await stage.ecs.send(new UntagResourceCommand({ resourceArn, tagKeys: ['a'] }));
    expect(await read()).toEqual([{ key: 'b', value: '3' }]);
  }
  const resourceArn = `${task?.taskArn}x`;
  expect(await refusal(stage.ecs.send(new TagResourceCommand({ resourceArn, tags: [] })))).toMatch(
    /cannot be found/,
  );
});

it('tags may be gone with the stop', async () => {
  await using stage = await EcsStage.start();
  stage.cloud.stopDropsTags = true;
  const arn = await stage.start([{}], { tags: [{ key: 'a', value: 'b' }] });
  await stage.pastStart();
  await stage.ecs.send(new StopTaskCommand({ cluster, task: arn }));
  expect((await stage.task(arn))?.tags).toHaveLength(1);
  await stage.clock.advance(1_000);
  expect(await stage.task(arn)).toMatchObject({ lastStatus: 'STOPPED', tags: [] });
});

it('without history a task is forgotten with the hour', async () => {
  await using stage = await EcsStage.start({ history: false });
  const run = async (code: number): Promise<void> => {
    await stage.start([{ command: ['sh', '-c', `exit ${code}`] }], { clientToken: 'one' });
    await stage.clock.advance(3_600_000 + 1_000);
  };
  await run(1);
  expect(stage.cloud.instances()).toHaveLength(1);
  await run(2);
  expect(stage.cloud.instances().map(({ task }) => task.containers?.[0]?.exitCode)).toEqual([2]);
  expect(stage.cloud.calls.all).toEqual([]);
});
