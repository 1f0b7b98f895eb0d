import { describe, expect, it } from 'vitest';
import { EcsStage, script } from '../testing/stage.ts';

describe('spot', () => {
  const spot = { capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }] };
  const stubborn = { stopTimeout: 120, environment: script({ onTerm: 'ignore' }) };

  it('the notice comes two minutes before the end, with SIGTERM', async () => {
    await using stage = await EcsStage.start();
    const arn = await stage.start([stubborn, {}], spot);
    await stage.pastStart();
    stage.cloud.market.interrupt(arn);
    expect(await stage.task(arn)).toMatchObject({
      lastStatus: 'RUNNING',
      desiredStatus: 'STOPPED',
      stopCode: 'SpotInterruption',
      stoppedReason: 'Your Spot Task was interrupted.',
      containers: [{ lastStatus: 'RUNNING' }, { exitCode: 143 }],
    });
    await stage.clock.advance(119_999);
    expect(await stage.status(arn)).toBe('RUNNING');
    await stage.clock.advance(1_000);
    expect(await stage.task(arn)).toMatchObject({
      lastStatus: 'STOPPED',
      containers: [{ exitCode: 137 }, {}],
    });
  });

  it('a container with the default stop timeout has 30 seconds of it', async () => {
    await using stage = await EcsStage.start();
    const arn = await stage.start([{ environment: script({ onTerm: 'ignore' }) }], spot);
    await stage.pastStart();
    stage.cloud.market.interrupt(arn);
    await stage.clock.advance(30_000);
    expect(await stage.task(arn)).toMatchObject({
      lastStatus: 'DEACTIVATING',
      containers: [{ exitCode: 137 }],
    });
  });

  it('the end of the notice kills what still waits for its turn to stop', async () => {
    await using stage = await EcsStage.start();
    const dependsOn = [{ containerName: 'side-1', condition: 'START' as const }];
    const arn = await stage.start([{ ...stubborn, dependsOn }, stubborn], spot);
    await stage.pastStart();
    stage.cloud.market.interrupt(arn, 10_000);
    await stage.clock.advance(10_100);
    expect(await stage.task(arn)).toMatchObject({
      lastStatus: 'STOPPED',
      containers: [{ exitCode: 137 }, { exitCode: 137 }],
    });
  });

  it('older texts have another stop code', async () => {
    await using stage = await EcsStage.start();
    const arn = await stage.start([{}], spot);
    await stage.pastStart();
    stage.cloud.market.stopCode = 'TerminationNotice';
    stage.cloud.market.interrupt(arn);
    expect((await stage.task(arn))?.stopCode).toBe('TerminationNotice');
  });

  it('only tasks on spot are interrupted', async () => {
    await using stage = await EcsStage.start();
    const arn = await stage.start();
    expect(() => stage.cloud.market.interrupt(arn)).toThrow(/not on the spot market/);
  });
});
