import {
  CreateLogGroupCommand,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  GetLogEventsCommand,
  type GetLogEventsCommandInput,
} from '@aws-sdk/client-cloudwatch-logs';
import type { ContainerDefinition } from '@aws-sdk/client-ecs';
import { expect, it } from 'vitest';
import { EcsStage, refusal, script } from '../testing/stage.ts';

const group = '/burstlet/pods';
const executionRoleArn = 'arn:aws:iam::123456789012:role/ecs';

function logged(program: object, more: Record<string, string> = {}): Partial<ContainerDefinition> {
  const options = {
    'awslogs-group': group,
    'awslogs-region': 'us-east-1',
    'awslogs-stream-prefix': 'p',
    ...more,
  };
  const environment = [...(script(program) ?? []), { name: 'WHO', value: 'me' }];
  return { environment, logConfiguration: { logDriver: 'awslogs', options } };
}

/** A stage with the group, and a task that runs in it; resolves with the name of its stream. */
async function run(stage: EcsStage, program: object): Promise<string> {
  await stage.logs.send(new CreateLogGroupCommand({ logGroupName: group }));
  const { tasks = [] } = await stage.run(await stage.define([logged(program)], { executionRoleArn }));
  await stage.clock.advance(400);
  return `p/main/${tasks[0]?.taskArn?.split('/').at(-1)}`;
}

function get(stage: EcsStage, logStreamName: string, more: Partial<GetLogEventsCommandInput> = {}) {
  return stage.logs.send(new GetLogEventsCommand({ logGroupName: group, logStreamName, ...more }));
}

function texts({ events = [] }: Awaited<ReturnType<typeof get>>): (string | undefined)[] {
  return events.map(({ message }) => message);
}

it('what a container writes comes with its time, when it is written', async () => {
  await using stage = await EcsStage.start();
  const stream = await run(stage, {
    logs: ['one', { stderr: 'two' }, 'three'],
    logEveryMs: 100,
    printEnv: ['WHO'],
  });
  const first = await get(stage, stream, { startFromHead: true });
  expect(texts(first)).toEqual(['one']);
  expect(first.events?.[0]?.timestamp).toBe(stage.clock.now());
  stage.cloud.ingestionMs = 50;
  await stage.clock.advance(200);
  expect(texts(await get(stage, stream, { startFromHead: true }))).toEqual(['one', 'two']);
  await stage.clock.advance(200);
  expect(texts(await get(stage, stream, { startFromHead: true }))).toEqual(['one', 'two', 'three', 'me']);
});

it('nothing is written after the end, and a restart goes on in the same stream', async () => {
  await using stage = await EcsStage.start();
  const restartPolicy = { enabled: true, restartAttemptPeriod: 60 };
  const program = { logs: ['a', 'b'], logEveryMs: 61_000, exits: [{ code: 1, afterMs: 60_000 }] };
  await stage.logs.send(new CreateLogGroupCommand({ logGroupName: group }));
  const definition = await stage.define([{ ...logged(program), restartPolicy }], { executionRoleArn });
  const { tasks = [] } = await stage.run(definition);
  await stage.clock.advance(90_000);
  const stream = `p/main/${tasks[0]?.taskArn?.split('/').at(-1)}`;
  expect(texts(await get(stage, stream, { startFromHead: true }))).toEqual(['a', 'a']);
});

it('pages go forward until the same token comes back, and on from there', async () => {
  await using stage = await EcsStage.start();
  const stream = await run(stage, { logs: ['1', '2', '3', '4'], logEveryMs: 100 });
  await stage.clock.advance(200);
  const page = (nextToken?: string) => get(stage, stream, { startFromHead: true, limit: 2, nextToken });
  const first = await page();
  const second = await page(first.nextForwardToken);
  const end = await page(second.nextForwardToken);
  expect([first, second, end].map(texts)).toEqual([['1', '2'], ['3'], []]);
  expect(end.nextForwardToken).toBe(second.nextForwardToken);
  await stage.clock.advance(100);
  expect(texts(await page(end.nextForwardToken))).toEqual(['4']);
});

it('without startFromHead it is the end, and pages go backward', async () => {
  await using stage = await EcsStage.start();
  const stream = await run(stage, { logs: ['1', '2', '3'] });
  const last = await get(stage, stream, { limit: 2 });
  expect(texts(last)).toEqual(['2', '3']);
  const before = await get(stage, stream, { limit: 2, nextToken: last.nextBackwardToken });
  expect(texts(before)).toEqual(['1']);
  const none = await get(stage, stream, { limit: 2, nextToken: before.nextBackwardToken });
  expect(none).toMatchObject({ events: [], nextBackwardToken: before.nextBackwardToken });
});

it('times bound it: the start counts, the end does not', async () => {
  await using stage = await EcsStage.start();
  const stream = await run(stage, { logs: ['1', '2', '3', '4'], logEveryMs: 100 });
  const start = stage.clock.now();
  await stage.clock.advance(1_000);
  const bounds = { startTime: start + 100, endTime: start + 300 };
  expect(texts(await get(stage, stream, bounds))).toEqual(['2', '3']);
});

it('a page holds a mebibyte at most', async () => {
  await using stage = await EcsStage.start();
  const stream = await run(stage, { logs: ['x'.repeat(7_900), 'y'.repeat(7_900)], logEveryMs: 0 });
  expect(texts(await get(stage, stream))).toHaveLength(2);
  const { logPage } = await import('./log-pages.ts');
  const lines = Array.from({ length: 5 }, (_, timestamp) => ({ timestamp, message: 'x'.repeat(300_000) }));
  const first = logPage(lines, { logStreamName: 's', startFromHead: true }, false);
  expect(first.events).toHaveLength(3);
  const second = logPage(lines, { logStreamName: 's', nextToken: first.nextForwardToken }, false);
  expect(second.events).toHaveLength(2);
});

it('an empty page is not the end unless its token is the same', async () => {
  let draw = 0;
  await using stage = await EcsStage.start({ random: () => draw });
  const stream = await run(stage, { logs: ['1', '2'] });
  stage.cloud.blankPages = 0.5;
  const blank = await get(stage, stream, { startFromHead: true });
  expect(texts(blank)).toEqual([]);
  const again = await get(stage, stream, { nextToken: blank.nextForwardToken });
  expect(texts(again)).toEqual([]);
  expect(again.nextForwardToken).not.toBe(blank.nextForwardToken);
  draw = 0.9;
  expect(texts(await get(stage, stream, { nextToken: again.nextForwardToken }))).toEqual(['1', '2']);
});

it('groups and streams that are not there', async () => {
  await using stage = await EcsStage.start();
  expect(await refusal(get(stage, 'x'))).toBe(
    'ResourceNotFoundException: The specified log group does not exist.',
  );
  const stream = await run(stage, {});
  expect(await refusal(get(stage, 'p/main/x'))).toBe(
    'ResourceNotFoundException: The specified log stream does not exist.',
  );
  expect(await refusal(get(stage, stream, { nextToken: 'x' }))).toMatch(/nextToken/);
  const again = stage.logs.send(new CreateLogGroupCommand({ logGroupName: group }));
  expect(await refusal(again)).toMatch(/^ResourceAlreadyExistsException/);
});

it('streams and groups are listed', async () => {
  await using stage = await EcsStage.start();
  const stream = await run(stage, { logs: ['1', '2'], logEveryMs: 10 });
  const start = stage.clock.now();
  await stage.clock.advance(100);
  const streams = await stage.logs.send(
    new DescribeLogStreamsCommand({ logGroupName: group, logStreamNamePrefix: 'p/' }),
  );
  expect(streams.logStreams).toEqual([
    {
      logStreamName: stream,
      creationTime: start,
      firstEventTimestamp: start,
      lastEventTimestamp: start + 10,
    },
  ]);
  const groups = await stage.logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: '/burst' }));
  expect(groups.logGroups).toMatchObject([{ logGroupName: group }]);
});

it('a group that is missing keeps the task from starting, unless it may be made', async () => {
  await using stage = await EcsStage.start();
  const start = async (more: Record<string, string>) => {
    const definition = await stage.define([logged({}, more)], { executionRoleArn });
    return (await stage.run(definition)).tasks?.[0]?.taskArn ?? '';
  };
  const without = await start({});
  await stage.clock.advance(1_000);
  expect(await stage.task(without)).toMatchObject({
    lastStatus: 'STOPPED',
    stopCode: 'TaskFailedToStart',
    stoppedReason: expect.stringMatching(
      /^ResourceInitializationError: .*The specified log group does not exist/,
    ),
  });
  const made = await start({ 'awslogs-create-group': 'true' });
  await stage.clock.advance(1_000);
  expect(await stage.status(made)).toBe('RUNNING');
});
