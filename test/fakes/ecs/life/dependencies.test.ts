import type { ContainerDefinition } from '@aws-sdk/client-ecs';
import { StopTaskCommand } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { cluster, EcsStage, script } from '../testing/stage.ts';

const exits = (code: number, afterMs = 0): ContainerDefinition['environment'] =>
  script({ exits: [{ code, afterMs }] });

describe('dependsOn', () => {
  const init = (code: number): Partial<ContainerDefinition> => ({
    name: 'init',
    essential: false,
    environment: exits(code, 2_000),
  });
  const appAfter = (
    condition: 'START' | 'COMPLETE' | 'SUCCESS' | 'HEALTHY',
  ): Partial<ContainerDefinition> => ({
    name: 'app',
    dependsOn: [{ containerName: 'init', condition }],
  });

  it('SUCCESS waits for exit code 0; until then the task is PENDING', async () => {
    await using stage = await EcsStage.start();
    const arn = await stage.start([appAfter('SUCCESS'), init(0)]);
    await stage.clock.advance(2_399);
    expect(await stage.task(arn)).toMatchObject({
      lastStatus: 'PENDING',
      containers: [{ lastStatus: 'PENDING' }, { lastStatus: 'RUNNING' }],
    });
    await stage.clock.advance(51);
    expect(await stage.task(arn)).toMatchObject({
      lastStatus: 'RUNNING',
      containers: [{ lastStatus: 'RUNNING' }, { exitCode: 0 }],
    });
  });

  it('SUCCESS that does not come ends the task', async () => {
    await using stage = await EcsStage.start();
    const arn = await stage.start([appAfter('SUCCESS'), init(4)]);
    await stage.clock.advance(5_000);
    const task = await stage.task(arn);
    expect(task).toMatchObject({
      lastStatus: 'STOPPED',
      stopCode: 'TaskFailedToStart',
      containers: [{ name: 'app', lastStatus: 'STOPPED' }, { exitCode: 4 }],
    });
    expect(task?.containers?.[0]?.runtimeId).toBeUndefined();
  });

  it('COMPLETE takes any exit code', async () => {
    await using stage = await EcsStage.start();
    const arn = await stage.start([appAfter('COMPLETE'), init(4)]);
    await stage.clock.advance(5_000);
    expect(await stage.status(arn)).toBe('RUNNING');
  });

  it('START waits for the start', async () => {
    await using stage = await EcsStage.start();
    const arn = await stage.start([appAfter('START'), init(0)]);
    await stage.clock.advance(450);
    expect(await stage.task(arn)).toMatchObject({
      containers: [{ lastStatus: 'RUNNING' }, { lastStatus: 'RUNNING' }],
    });
  });

  it('HEALTHY waits for the health check, and fails with it', async () => {
    await using stage = await EcsStage.start();
    const healthCheck = { command: ['CMD', 'true'], interval: 10, retries: 1 };
    const side = (program: object): Partial<ContainerDefinition> => ({
      name: 'init',
      healthCheck,
      environment: script(program),
    });
    const good = await stage.start([appAfter('HEALTHY'), side({})]);
    const bad = await stage.start([appAfter('HEALTHY'), side({ readyAfterMs: -1 })]);
    await stage.clock.advance(10_399);
    expect(await stage.status(good)).toBe('PENDING');
    await stage.clock.advance(200);
    expect(await stage.status(good)).toBe('RUNNING');
    expect(await stage.task(bad)).toMatchObject({ lastStatus: 'STOPPED', stopCode: 'TaskFailedToStart' });
  });

  it('a start timeout ends the wait', async () => {
    await using stage = await EcsStage.start();
    const slow = { ...init(0), startTimeout: 2, environment: exits(0, 60_000) };
    const arn = await stage.start([appAfter('SUCCESS'), slow]);
    await stage.clock.advance(2_399);
    expect(await stage.status(arn)).toBe('PENDING');
    await stage.clock.advance(1_000);
    expect(await stage.task(arn)).toMatchObject({ stopCode: 'TaskFailedToStart', lastStatus: 'STOPPED' });
  });

  it('a container stops only after those that depend on it', async () => {
    await using stage = await EcsStage.start();
    const app = { ...appAfter('START'), environment: script({ onTerm: { code: 0, afterMs: 3_000 } }) };
    const arn = await stage.start([app, { name: 'init' }]);
    await stage.pastStart();
    await stage.ecs.send(new StopTaskCommand({ cluster, task: arn }));
    await stage.clock.advance(3_000);
    expect(await stage.task(arn)).toMatchObject({
      containers: [{ lastStatus: 'RUNNING' }, { lastStatus: 'RUNNING' }],
    });
    await stage.clock.advance(50);
    expect(await stage.task(arn)).toMatchObject({ containers: [{ exitCode: 0 }, { exitCode: 143 }] });
  });

  it('an end container closes a task without any other essential one', async () => {
    await using stage = await EcsStage.start();
    const part = (name: string, code: number): Partial<ContainerDefinition> => ({
      name,
      essential: false,
      environment: exits(code, 1_000),
    });
    const dependsOn = ['a', 'b'].map((containerName) => ({ containerName, condition: 'COMPLETE' as const }));
    const end = { name: 'end', entryPoint: ['/bin/sh', '-c', 'exit 0'], dependsOn };
    const arn = await stage.start([part('a', 1), part('b', 2), end]);
    await stage.clock.advance(3_000);
    expect(await stage.task(arn)).toMatchObject({
      lastStatus: 'STOPPED',
      stopCode: 'EssentialContainerExited',
      containers: [{ exitCode: 1 }, { exitCode: 2 }, { exitCode: 0 }],
    });
  });
});
