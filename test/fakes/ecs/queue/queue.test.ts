import { StopTaskCommand } from '@aws-sdk/client-ecs';
import { DeleteMessageBatchCommand, DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { expect, it } from 'vitest';
import { cluster, EcsStage, refusal } from '../testing/stage.ts';

interface TaskEvent {
  readonly 'detail-type': string;
  readonly detail: { readonly taskArn: string; readonly lastStatus: string; readonly version: number };
}

function url(stage: EcsStage, name = 'events'): string {
  return `${stage.fake.endpoint}/${stage.cloud.account}/${name}`;
}

async function receive(stage: EcsStage, more: object = {}) {
  const input = { QueueUrl: url(stage), MaxNumberOfMessages: 10, ...more };
  return (await stage.sqs.send(new ReceiveMessageCommand(input))).Messages ?? [];
}

function eventIn({ Body = '' }: { Body?: string | undefined }): TaskEvent {
  return JSON.parse(Body);
}

it('every change of a task is told, in the form of EventBridge', async () => {
  await using stage = await EcsStage.start();
  stage.cloud.queue('events');
  const arn = await stage.start([{}], { tags: [{ key: 'a', value: 'b' }] });
  await stage.pastStart();
  const messages = await receive(stage);
  const events = messages.map(eventIn);
  expect(events[0]).toMatchObject({
    version: '0',
    source: 'aws.ecs',
    'detail-type': 'ECS Task State Change',
    account: '123456789012',
    resources: [arn],
    detail: { taskArn: arn, lastStatus: 'PROVISIONING', createdAt: '2026-01-01T00:00:00.000Z', version: 1 },
  });
  expect(events.map(({ detail }) => detail.lastStatus)).toEqual([
    'PROVISIONING',
    'PENDING',
    'ACTIVATING',
    'RUNNING',
  ]);
  expect(JSON.stringify(events)).not.toMatch(/"tags"|healthStatus/);
});

it('the notice of an interruption is told', async () => {
  await using stage = await EcsStage.start();
  const spot = { capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }] };
  const arn = await stage.start([{}], spot);
  await stage.pastStart();
  stage.cloud.queue('events');
  stage.cloud.market.interrupt(arn);
  const [message] = await receive(stage, { MaxNumberOfMessages: 1 });
  expect(message && eventIn(message).detail).toMatchObject({
    lastStatus: 'RUNNING',
    desiredStatus: 'STOPPED',
    stopCode: 'SpotInterruption',
    stoppedReason: 'Your Spot Task was interrupted.',
  });
});

it('a message is hidden while somebody has it, and comes again unless it is deleted', async () => {
  await using stage = await EcsStage.start();
  const queue = stage.cloud.queue('events');
  for (const body of ['a', 'b', 'c']) queue.send(body);
  const [first] = await receive(stage, { VisibilityTimeout: 20 });
  expect(await receive(stage)).toEqual([]);
  await stage.clock.advance(20_000);
  const [again, ...rest] = await receive(stage);
  expect(again).toMatchObject({ MessageId: first?.MessageId, Attributes: { ApproximateReceiveCount: '2' } });
  expect(again?.ReceiptHandle).not.toBe(first?.ReceiptHandle);
  await stage.sqs.send(
    new DeleteMessageCommand({ QueueUrl: url(stage), ReceiptHandle: again?.ReceiptHandle }),
  );
  const Entries = rest.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
  await stage.sqs.send(new DeleteMessageBatchCommand({ QueueUrl: url(stage), Entries }));
  await stage.clock.advance(60_000);
  expect(await receive(stage)).toEqual([]);
});

it('a receive waits for a message, but not for ever', async () => {
  await using stage = await EcsStage.start();
  const queue = stage.cloud.queue('events');
  const waits = async () => {
    while (queue.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
  };
  const first = receive(stage, { WaitTimeSeconds: 20 });
  await waits();
  queue.send('hello');
  expect((await first).map(({ Body }) => Body)).toEqual(['hello']);
  const second = receive(stage, { WaitTimeSeconds: 20, VisibilityTimeout: 60 });
  await waits();
  await stage.clock.advance(20_000);
  expect(await second).toEqual([]);
});

it('messages may come twice and out of order', async () => {
  const draws = [0.4, 0, 0.9, 0.9];
  await using stage = await EcsStage.start({ random: () => draws.shift() ?? 0.9 });
  const queue = stage.cloud.queue('events');
  queue.duplicates = 0.5;
  queue.send('a');
  queue.duplicates = 0;
  queue.disorder = true;
  draws.splice(0, draws.length, 0.9, 0);
  queue.send('b');
  expect((await receive(stage)).map(({ Body }) => Body)).toEqual(['b', 'a', 'a']);
});

it('refuses what SQS refuses', async () => {
  await using stage = await EcsStage.start();
  stage.cloud.queue('events');
  expect(await refusal(receive(stage, { QueueUrl: url(stage, 'other') }))).toMatch(/^QueueDoesNotExist: /);
  expect(await refusal(receive(stage, { MaxNumberOfMessages: 11 }))).toMatch(
    /MaxNumberOfMessages is invalid/,
  );
  expect(await refusal(receive(stage, { WaitTimeSeconds: 21 }))).toMatch(/WaitTimeSeconds is invalid/);
});

it('a stop is told once', async () => {
  await using stage = await EcsStage.start();
  const arn = await stage.start();
  await stage.pastStart();
  stage.cloud.queue('events');
  for (let times = 0; times < 2; times++) await stage.ecs.send(new StopTaskCommand({ cluster, task: arn }));
  await stage.clock.advance(2_000);
  const told = (await receive(stage)).map((message) => eventIn(message).detail.lastStatus);
  expect(told.filter((status) => status === 'STOPPED')).toHaveLength(1);
});
