import type { ContainerDefinition } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { EcsStage, refusal, script } from '../testing/stage.ts';

const exits = (code: number, afterMs = 0): ContainerDefinition['environment'] =>
  script({ exits: [{ code, afterMs }] });

describe('containers', () => {
  it('the end of an essential container ends the task, that of another does not', async () => {
    await using stage = await EcsStage.start();
    const arn = await stage.start([
      { environment: exits(3, 5_000) },
      { essential: false, environment: exits(0, 1_000) },
      {},
    ]);
    await stage.pastStart();
    await stage.clock.advance(2_000);
    expect(await stage.task(arn)).toMatchObject({
      lastStatus: 'RUNNING',
      containers: [{ lastStatus: 'RUNNING' }, { lastStatus: 'STOPPED', exitCode: 0 }, {}],
    });
    await stage.clock.advance(5_000);
    expect(await stage.task(arn)).toMatchObject({
      lastStatus: 'STOPPED',
      stopCode: 'EssentialContainerExited',
      stoppedReason: 'Essential container in task exited',
      containers: [{ exitCode: 3 }, { exitCode: 0 }, { exitCode: 143 }],
    });
  });

  it('an image that cannot be pulled keeps the task from starting', async () => {
    await using stage = await EcsStage.start();
    const startError = 'CannotPullContainerError: pull image manifest has been retried 1 time(s): not found';
    const arn = await stage.start([{}, { environment: script({ startError }) }]);
    await stage.clock.advance(1_000);
    expect(await stage.task(arn)).toMatchObject({
      lastStatus: 'STOPPED',
      stopCode: 'TaskFailedToStart',
      stoppedReason: startError,
      containers: [{}, { reason: startError }],
    });
    expect((await stage.task(arn))?.startedAt).toBeUndefined();
  });

  it('a container is restarted in place when it ran long enough', async () => {
    await using stage = await EcsStage.start();
    const restartPolicy = { enabled: true, restartAttemptPeriod: 60, ignoredExitCodes: [0] };
    const program = script({
      exits: [
        { code: 1, afterMs: 61_000 },
        { code: 0, afterMs: 61_000 },
      ],
    });
    const arn = await stage.start([{ restartPolicy, environment: program }]);
    await stage.pastStart();
    await stage.clock.advance(62_000);
    expect(await stage.task(arn)).toMatchObject({
      lastStatus: 'RUNNING',
      containers: [{ lastStatus: 'RUNNING' }],
    });
    await stage.clock.advance(62_000);
    expect(await stage.task(arn)).toMatchObject({ lastStatus: 'STOPPED', containers: [{ exitCode: 0 }] });
  });

  it('and not when it ended early', async () => {
    await using stage = await EcsStage.start();
    const restartPolicy = { enabled: true, restartAttemptPeriod: 60 };
    const arn = await stage.start([{ restartPolicy, environment: exits(1, 59_000) }]);
    await stage.pastStart();
    await stage.clock.advance(60_000);
    expect(await stage.task(arn)).toMatchObject({ lastStatus: 'STOPPED', containers: [{ exitCode: 1 }] });
  });

  it('a health check passes or fails after its periods; the task goes on all the same', async () => {
    await using stage = await EcsStage.start();
    const healthCheck = { command: ['CMD', 'true'], interval: 10, retries: 2, startPeriod: 5 };
    const [good, bad] = [
      await stage.start([{ healthCheck }]),
      await stage.start([{ healthCheck, environment: script({ readyAfterMs: -1 }) }]),
    ];
    await stage.clock.advance(400 + 9_999);
    expect(await stage.task(good)).toMatchObject({ healthStatus: 'UNKNOWN' });
    await stage.clock.advance(1);
    expect(await stage.task(good)).toMatchObject({
      healthStatus: 'HEALTHY',
      containers: [{ healthStatus: 'HEALTHY' }],
    });
    await stage.clock.advance(14_999);
    expect(await stage.task(bad)).toMatchObject({ healthStatus: 'UNKNOWN' });
    await stage.clock.advance(1);
    expect(await stage.task(bad)).toMatchObject({ healthStatus: 'UNHEALTHY', lastStatus: 'RUNNING' });
  });

  it('a test can end a container and change its health', async () => {
    await using stage = await EcsStage.start();
    const healthCheck = { command: ['CMD', 'true'] };
    const arn = await stage.start([{ healthCheck }]);
    await stage.pastStart();
    stage.cloud.setHealth(arn, 'main', 'UNHEALTHY');
    expect(await stage.task(arn)).toMatchObject({ healthStatus: 'UNHEALTHY' });
    const reason = 'OutOfMemoryError: Container killed due to memory usage';
    stage.cloud.exit(arn, 'main', { code: 137, reason });
    await stage.clock.advance(1_000);
    expect(await stage.task(arn)).toMatchObject({
      lastStatus: 'STOPPED',
      containers: [{ exitCode: 137, reason }],
    });
  });
});

describe('what a container does', () => {
  it('its variables say it, those of the run first', async () => {
    await using stage = await EcsStage.start();
    const containerOverrides = [
      { name: 'main', environment: [{ name: 'BURSTLET_FAKE_EXIT', value: '7' }] },
      { name: 'side-1', command: ['-c', 'exit 8'] },
    ];
    const main = { environment: [{ name: 'BURSTLET_FAKE_EXIT', value: '6' }] };
    const side = { essential: false, entryPoint: ['/bin/sh'], command: ['-c', 'exit 9'] };
    const arn = await stage.start([main, side], { overrides: { containerOverrides } });
    await stage.clock.advance(2_000);
    expect(stage.cloud.task(arn).containers).toMatchObject([{ exitCode: 7 }, { exitCode: 8 }]);
  });

  it('with a delay, and with a choice that the test makes', async () => {
    await using stage = await EcsStage.start({
      program: ({ image }) => (image === 'job:1' ? { exits: [{ code: 5, afterMs: 0 }] } : undefined),
    });
    const environment = [
      { name: 'BURSTLET_FAKE_EXIT', value: '1' },
      { name: 'BURSTLET_FAKE_EXIT_AFTER_MS', value: '1000' },
    ];
    const arn = await stage.start([{ environment }, { image: 'job:1', essential: false }]);
    await stage.clock.advance(1_399);
    expect(stage.cloud.task(arn).containers).toMatchObject([{ lastStatus: 'RUNNING' }, { exitCode: 5 }]);
    await stage.clock.advance(1);
    expect(stage.cloud.task(arn).containers?.[0]?.exitCode).toBe(1);
  });

  it('that others wait for its end is reason enough to end', async () => {
    await using stage = await EcsStage.start();
    const dependsOn = [{ containerName: 'side-1', condition: 'SUCCESS' as const }];
    const arn = await stage.start([{ dependsOn }, { essential: false, command: ['/migrate'] }]);
    await stage.pastStart();
    expect(await stage.task(arn)).toMatchObject({ lastStatus: 'RUNNING', containers: [{}, { exitCode: 0 }] });
  });

  it('a script that cannot be read refuses the task', async () => {
    await using stage = await EcsStage.start();
    const environment = script({ exits: 'never' });
    expect(await refusal(stage.start([{ environment }]))).toMatch(/^InvalidParameterException: .*exits/);
  });
});
