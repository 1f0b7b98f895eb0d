import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  DescribeClustersCommand,
  ECSClient,
  type ECSClientConfig,
  ListServicesCommand,
} from '@aws-sdk/client-ecs';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { cluster, EcsStage, refusal } from '../testing/stage.ts';

/** The answer to a call of another client. */
async function ask(stage: EcsStage, config: Partial<ECSClientConfig> = {}): Promise<string> {
  const { endpoint, credentials } = stage.fake;
  const client = new ECSClient({ endpoint, credentials, region: 'us-east-1', maxAttempts: 1, ...config });
  try {
    return await refusal(client.send(new DescribeClustersCommand({ clusters: [cluster] })));
  } finally {
    client.destroy();
  }
}

describe('signatures', () => {
  it('a right one opens the door of each service', async () => {
    await using stage = await EcsStage.start();
    expect(await ask(stage)).toBe('no error');
    expect(await refusal(stage.logs.send(new DescribeLogGroupsCommand()))).toBe('no error');
    stage.cloud.queue('events');
    const QueueUrl = `${stage.fake.endpoint}/123456789012/events`;
    expect(await refusal(stage.sqs.send(new ReceiveMessageCommand({ QueueUrl })))).toBe('no error');
  });

  it('a wrong secret, an unknown key, a revoked one', async () => {
    await using stage = await EcsStage.start();
    const { credentials } = stage.fake;
    expect(await ask(stage, { credentials: { ...credentials, secretAccessKey: 'wrong' } })).toMatch(
      /^InvalidSignatureException: The request signature we calculated does not match/,
    );
    expect(await ask(stage, { credentials: { ...credentials, accessKeyId: 'AKIAOTHER' } })).toBe(
      'UnrecognizedClientException: The security token included in the request is invalid.',
    );
    stage.fake.keys.revoke(credentials.accessKeyId);
    expect(await ask(stage)).toMatch(/^UnrecognizedClientException/);
  });

  it('another region', async () => {
    await using stage = await EcsStage.start();
    expect(await ask(stage, { region: 'eu-west-1' })).toMatch(
      /^InvalidSignatureException: Credential should be scoped/,
    );
  });

  it('session tokens, until they expire', async () => {
    await using stage = await EcsStage.start();
    const good = stage.fake.keys.issueSession(Date.now() + 60_000);
    expect(await ask(stage, { credentials: good })).toBe('no error');
    const { sessionToken: _token, ...bare } = good;
    expect(await ask(stage, { credentials: bare })).toMatch(/^UnrecognizedClientException/);
    const old = stage.fake.keys.issueSession(Date.now() - 1);
    expect(await ask(stage, { credentials: old })).toBe(
      'ExpiredTokenException: The security token included in the request is expired',
    );
  });

  it.each([
    [-600_000, /^InvalidSignatureException: Signature not yet current/],
    [600_000, /^InvalidSignatureException: Signature expired/],
  ])('a clock that is off by %d ms', async (skewMs, why) => {
    await using stage = await EcsStage.start();
    stage.fake.skewMs = skewMs;
    expect(await ask(stage)).toMatch(why);
  });

  it('an SDK that may try again sets its clock by the answer', async () => {
    await using stage = await EcsStage.start();
    stage.fake.skewMs = 600_000;
    expect(await ask(stage, { maxAttempts: 2 })).toBe('no error');
    expect(stage.cloud.calls.of('DescribeClusters')).toHaveLength(2);
  });

  it('none at all, and one for another service', async () => {
    await using stage = await EcsStage.start();
    const headers = { 'x-amz-target': 'AmazonEC2ContainerServiceV20141113.ListTasks' };
    const answer = await fetch(stage.fake.endpoint, { method: 'POST', headers, body: '{}' });
    expect(await answer.json()).toMatchObject({ __type: 'MissingAuthenticationTokenException' });
    const { endpoint, credentials } = stage.fake;
    const logs = new CloudWatchLogsClient({ endpoint, credentials, region: 'us-east-1', maxAttempts: 1 });
    logs.middlewareStack.add(
      (next) => (args) => {
        Object.assign(args.request as object, {
          headers: { ...(args.request as { headers: object }).headers, ...headers },
        });
        return next(args);
      },
      { step: 'build', priority: 'low' },
    );
    expect(await refusal(logs.send(new DescribeLogGroupsCommand()))).toMatch(
      /scoped to correct service: 'ecs'/,
    );
    logs.destroy();
  });
});

it('an action that the fake has not', async () => {
  await using stage = await EcsStage.start();
  expect(await refusal(stage.ecs.send(new ListServicesCommand({ cluster })))).toMatch(
    /^UnknownOperationException/,
  );
});

describe('faults', () => {
  it('a lost answer was done, a cut call was not', async () => {
    await using stage = await EcsStage.start();
    const arn = await stage.define();
    stage.cloud.faults.plan('RunTask', { kind: 'lose' });
    expect(await refusal(stage.run(arn, { clientToken: 'a' }))).not.toBe('no error');
    expect(stage.cloud.instances()).toHaveLength(1);
    const { tasks } = await stage.run(arn, { clientToken: 'a' });
    expect(tasks?.[0]?.taskArn).toBe(stage.cloud.instances()[0]?.task.taskArn);
    stage.cloud.faults.plan('RunTask', { kind: 'cut' });
    expect(await refusal(stage.run(arn, { clientToken: 'b' }))).not.toBe('no error');
    expect(stage.cloud.instances()).toHaveLength(1);
    expect(stage.cloud.calls.of('RunTask').map(({ result }) => result)).toEqual(['lost', 'ok', 'cut']);
  });

  it('errors, rates, permissions; each as often as it was planned', async () => {
    await using stage = await EcsStage.start();
    const { faults } = stage.cloud;
    faults.plan('DescribeClusters', { kind: 'error', status: 500 });
    faults.plan('*', { kind: 'throttle' });
    faults.plan('DescribeClusters', { kind: 'deny' }, 2);
    faults.plan('RunTask', { kind: 'deny' });
    faults.plan('DescribeClusters', { kind: 'networkThrottle' });
    expect(await ask(stage)).toMatch(/^ServerException/);
    expect(await ask(stage)).toMatch(/^ThrottlingException/);
    expect(await ask(stage)).toMatch(
      /^AccessDeniedException: User: arn:aws:iam::123456789012:user\/burstlet is not authorized to perform: ecs:DescribeClusters/,
    );
    expect(await ask(stage)).toMatch(/^AccessDeniedException/);
    expect(await ask(stage)).toMatch(
      /^InvalidParameterException: .*Rate exceeded \(ErrorCode: Throttling\)$/,
    );
    expect(await ask(stage)).toBe('no error');
    faults.clear();
    expect(await refusal(stage.start())).toBe('no error');
  });

  it('by chance, and late', async () => {
    let draw = 0.6;
    await using stage = await EcsStage.start({ random: () => draw });
    stage.cloud.faults.chance('DescribeClusters', { kind: 'error', status: 503 }, 0.5);
    expect(await ask(stage)).toBe('no error');
    draw = 0.4;
    expect(await ask(stage)).toMatch(/^ServiceUnavailableException/);
    stage.cloud.faults.clear();
    stage.cloud.faults.plan('DescribeClusters', { kind: 'delay', ms: 5_000 });
    let answered = false;
    const asked = ask(stage).then(() => {
      answered = true;
    });
    while (stage.clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
    await stage.clock.advance(4_999);
    expect(answered).toBe(false);
    await stage.clock.advance(1);
    await asked;
  });
});
