import { StopTaskCommand } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { cluster, EcsStage, refusal, script } from '../testing/stage.ts';

describe('stages', () => {
  it('a task goes through every stage, with its times, address and containers', async () => {
    await using stage = await EcsStage.start();
    const arn = await stage.start([{}], { tags: [{ key: 'owner', value: 'me' }], startedBy: 'uid-1' });
    expect(await stage.task(arn)).toMatchObject({
      lastStatus: 'PROVISIONING',
      desiredStatus: 'RUNNING',
      availabilityZone: 'us-east-1a',
      startedBy: 'uid-1',
      tags: [{ key: 'owner', value: 'me' }],
      attachments: [{ type: 'ElasticNetworkInterface', status: 'PRECREATED' }],
      containers: [{ name: 'main', lastStatus: 'PENDING' }],
    });
    await stage.clock.advance(200);
    expect(await stage.status(arn)).toBe('PENDING');
    await stage.clock.advance(200);
    expect(await stage.status(arn)).toBe('ACTIVATING');
    await stage.clock.advance(50);
    const running = await stage.task(arn);
    expect(running).toMatchObject({
      lastStatus: 'RUNNING',
      startedAt: new Date(stage.clock.now()),
      pullStartedAt: new Date(stage.clock.now() - 250),
      pullStoppedAt: new Date(stage.clock.now() - 50),
      containers: [{ lastStatus: 'RUNNING', imageDigest: expect.stringMatching(/^sha256:/) }],
    });
    expect(running?.attachments?.[0]?.details).toContainEqual({
      name: 'privateIPv4Address',
      value: '10.0.0.1',
    });
    await stage.ecs.send(new StopTaskCommand({ cluster, task: arn, reason: 'done' }));
    expect(await stage.task(arn)).toMatchObject({
      lastStatus: 'DEACTIVATING',
      desiredStatus: 'STOPPED',
      stopCode: 'UserInitiated',
      stoppedReason: 'done',
    });
    await stage.clock.advance(1_000);
    const stopped = await stage.task(arn);
    expect(stopped).toMatchObject({
      lastStatus: 'STOPPED',
      attachments: [{ status: 'DELETED' }],
      stoppingAt: running?.startedAt,
      executionStoppedAt: new Date((running?.startedAt?.getTime() ?? 0) + 50),
      stoppedAt: new Date((running?.startedAt?.getTime() ?? 0) + 150),
      containers: [{ exitCode: 143 }],
    });
    expect(stopped?.version).toBeGreaterThan(running?.version ?? 0);
    expect(stage.cloud.instances()[0]?.history.map(({ status }) => status)).toEqual([
      'PROVISIONING',
      'PENDING',
      'ACTIVATING',
      'RUNNING',
      'DEACTIVATING',
      'STOPPING',
      'DEPROVISIONING',
      'STOPPED',
    ]);
  });

  it('a stop before the pull starts nothing and costs nothing', async () => {
    await using stage = await EcsStage.start();
    const arn = await stage.start();
    await stage.ecs.send(new StopTaskCommand({ cluster, task: arn }));
    await stage.clock.advance(1_000);
    expect(await stage.task(arn)).toMatchObject({
      lastStatus: 'STOPPED',
      stoppedReason: 'Task stopped by user',
      containers: [{ lastStatus: 'STOPPED' }],
    });
    expect((await stage.task(arn))?.containers?.[0]?.exitCode).toBeUndefined();
    expect(stage.cloud.bill()).toEqual([]);
  });

  it('a stop during the pull starts nothing', async () => {
    await using stage = await EcsStage.start();
    const arn = await stage.start();
    await stage.clock.advance(300);
    await stage.ecs.send(new StopTaskCommand({ cluster, task: arn }));
    await stage.clock.advance(1_000);
    expect(stage.cloud.task(arn)).toMatchObject({
      lastStatus: 'STOPPED',
      containers: [{ exitCode: undefined }],
    });
  });

  it('what ignores SIGTERM is killed after its stop timeout, and a second stop changes nothing', async () => {
    await using stage = await EcsStage.start();
    const arn = await stage.start([{ stopTimeout: 7, environment: script({ onTerm: 'ignore' }) }]);
    await stage.pastStart();
    await stage.ecs.send(new StopTaskCommand({ cluster, task: arn, reason: 'first' }));
    await stage.clock.advance(50 + 6_999);
    await stage.ecs.send(new StopTaskCommand({ cluster, task: arn, reason: 'second' }));
    expect(await stage.status(arn)).toBe('STOPPING');
    await stage.clock.advance(1);
    expect(await stage.task(arn)).toMatchObject({
      lastStatus: 'DEPROVISIONING',
      stoppedReason: 'first',
      containers: [{ exitCode: 137 }],
    });
  });

  it('the platform may stop a task', async () => {
    await using stage = await EcsStage.start();
    const arn = await stage.start();
    await stage.pastStart();
    stage.cloud.stop(arn, { code: 'InfrastructureHealth', reason: 'The host is retired' });
    await stage.clock.advance(1_000);
    expect(await stage.task(arn)).toMatchObject({
      lastStatus: 'STOPPED',
      stopCode: 'InfrastructureHealth',
      stoppedReason: 'The host is retired',
    });
  });

  it('only a known task can be stopped', async () => {
    await using stage = await EcsStage.start();
    const stop = stage.ecs.send(new StopTaskCommand({ cluster, task: 'a'.repeat(32) }));
    expect(await refusal(stop)).toBe('InvalidParameterException: The referenced task was not found.');
    const task = await stage.start();
    const wordy = stage.ecs.send(new StopTaskCommand({ cluster, task, reason: 'x'.repeat(256) }));
    expect(await refusal(wordy)).toMatch(/255 characters/);
  });
});
