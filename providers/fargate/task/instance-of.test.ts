import type { Container, Task } from '@aws-sdk/client-ecs';
import { describe, expect, test } from 'vitest';
import type { TaskShape } from '../definition/shape.ts';
import { owner } from '../testing/fixtures.ts';
import { instanceOf, withLook } from './instance-of.ts';
import { stopReason, unhealthyReason } from './stop-cause.ts';

const at = (seconds: number): Date => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds));
const iso = (seconds: number): string => at(seconds).toISOString();
const seen = { ended: {}, firstSeenAt: iso(0) };

function shape(
  restartPolicy: TaskShape['restartPolicy'] = 'Never',
  ...more: TaskShape['containers']
): TaskShape {
  const main = { name: 'main', kind: 'regular', image: 'example.com/app:1', health: [] } as const;
  return { restartPolicy, containers: [...more, main], secrets: [] };
}

const running: Task = {
  taskArn: 'arn:aws:ecs:us-east-1:123456789012:task/burstlet/abc',
  lastStatus: 'RUNNING',
  desiredStatus: 'RUNNING',
  createdAt: at(0),
  pullStartedAt: at(10),
  pullStoppedAt: at(20),
  startedAt: at(21),
  attachments: [
    { type: 'ElasticNetworkInterface', details: [{ name: 'privateIPv4Address', value: '10.0.0.7' }] },
  ],
  containers: [{ name: 'main', lastStatus: 'RUNNING', runtimeId: 'abc-1', imageDigest: 'sha256:d' }],
};

function stopped(more: Partial<Task>, main: Partial<Container> = {}): Task {
  return {
    ...running,
    lastStatus: 'STOPPED',
    desiredStatus: 'STOPPED',
    executionStoppedAt: at(90),
    stoppedAt: at(100),
    containers: [{ name: 'main', lastStatus: 'STOPPED', runtimeId: 'abc-1', exitCode: 0, ...main }],
    ...more,
  };
}

function read(task: Task, as: TaskShape = shape()) {
  return instanceOf(task, owner, as, seen);
}

test('a task that runs', () => {
  expect(read(running)).toEqual({
    ref: { id: running.taskArn, podUid: owner.podUid },
    owner,
    phase: 'Running',
    createdAt: iso(0),
    ips: ['10.0.0.7'],
    containers: [
      {
        name: 'main',
        kind: 'regular',
        image: 'example.com/app:1',
        imageId: 'example.com/app@sha256:d',
        id: 'abc-1',
        state: { kind: 'running', startedAt: iso(20) },
        restartCount: 0,
        started: true,
        ready: true,
      },
    ],
    billing: { startedAt: iso(10) },
  });
});

test('a container that runs does not begin anew when the task counts as running', () => {
  const { startedAt: _later, ...activating } = { ...running, lastStatus: 'ACTIVATING' };
  expect(read(activating).containers).toEqual(read(running).containers);
});

describe('phases', () => {
  test.each([
    ['PROVISIONING', 'RUNNING', 'Pending'],
    ['PENDING', 'RUNNING', 'Pending'],
    ['ACTIVATING', 'RUNNING', 'Pending'],
    ['PENDING', 'STOPPED', 'Stopping'],
    ['RUNNING', 'RUNNING', 'Running'],
    ['RUNNING', 'STOPPED', 'Stopping'],
    ['DEACTIVATING', 'STOPPED', 'Stopping'],
    ['STOPPING', 'STOPPED', 'Stopping'],
    ['DEPROVISIONING', 'STOPPED', 'Stopping'],
    ['STOPPED', 'STOPPED', 'Stopped'],
    ['DELETED', 'STOPPED', 'Stopped'],
  ])('%s, wanted %s, is %s', (lastStatus, desiredStatus, phase) => {
    const containers = [{ name: 'main', lastStatus: 'PENDING' }];
    expect(read({ ...running, lastStatus, desiredStatus, containers }).phase).toBe(phase);
  });

  test('it runs with its first container, whatever the task says', () => {
    expect(read({ ...running, lastStatus: 'PENDING' }).phase).toBe('Running');
  });

  test('a helper does not make it run, and is not shown', () => {
    const helped = shape('Never', { name: 'burstlet-files', kind: 'helper', image: 'busybox', health: [] });
    const containers = [
      { name: 'burstlet-files', lastStatus: 'RUNNING' },
      { name: 'main', lastStatus: 'PENDING' },
    ];
    const instance = read({ ...running, lastStatus: 'PENDING', containers }, helped);
    expect(instance.phase).toBe('Pending');
    expect(instance.containers.map(({ name }) => name)).toEqual(['main']);
  });
});

describe('why it stopped', () => {
  const exited = {
    stopCode: 'EssentialContainerExited',
    stoppedReason: 'Essential container in task exited',
  } as const;
  const capacity =
    'Capacity is unavailable at this time. Please try again later or in a different availability zone';
  const init = { name: 'init', kind: 'init', image: 'i', health: [] } as const;
  test.each<[string, Task, TaskShape, object | undefined]>([
    ['it ended well', stopped(exited), shape(), undefined],
    ['it failed, and nobody wants it again', stopped(exited, { exitCode: 3 }), shape(), undefined],
    [
      'it failed, and ECS did not start it again',
      stopped(exited, { exitCode: 3 }),
      shape('OnFailure'),
      { kind: 'Failed', reason: 'ContainerNotRestarted' },
    ],
    ['it ended well, and that was wanted', stopped(exited), shape('OnFailure'), undefined],
    [
      'it ended, and was not to',
      stopped(exited),
      shape('Always'),
      { kind: 'Failed', reason: 'ContainerNotRestarted' },
    ],
    [
      'the node asked for it',
      stopped({ stopCode: 'UserInitiated', stoppedReason: stopReason }),
      shape('Always'),
      undefined,
    ],
    [
      'a liveness probe failed',
      stopped({ stopCode: 'UserInitiated', stoppedReason: unhealthyReason }),
      shape('Always'),
      { kind: 'Failed', reason: 'Unhealthy' },
    ],
    [
      'somebody else stopped it',
      stopped({ stopCode: 'UserInitiated', stoppedReason: 'by hand' }),
      shape(),
      { kind: 'Failed', reason: 'StoppedByUser', message: 'by hand' },
    ],
    [
      'taken back',
      stopped({ stopCode: 'SpotInterruption', stoppedReason: 'Your Spot Task was interrupted.' }),
      shape(),
      { kind: 'Interrupted', reason: 'SpotInterruption' },
    ],
    [
      'taken back, in older words',
      stopped({ stopCode: 'TerminationNotice', stoppedReason: 'Your Spot Task was interrupted.' }),
      shape(),
      { kind: 'Interrupted', reason: 'TerminationNotice' },
    ],
    [
      'the host failed',
      stopped({ stopCode: 'InfrastructureHealth', stoppedReason: 'hardware' }),
      shape(),
      { kind: 'Failed', reason: 'InfrastructureHealth' },
    ],
    [
      'no capacity',
      stopped({
        stopCode: 'TaskFailedToStart',
        stoppedReason: capacity,
        containers: [{ name: 'main', lastStatus: 'STOPPED' }],
      }),
      shape(),
      { kind: 'OutOfStock', reason: 'NoCapacity', message: capacity },
    ],
    [
      'no image',
      stopped({
        stopCode: 'TaskFailedToStart',
        stoppedReason: 'CannotPullContainerError: no such tag',
        containers: [{ name: 'main', lastStatus: 'STOPPED' }],
      }),
      shape(),
      { kind: 'Failed', reason: 'ErrImagePull' },
    ],
    [
      'an init container failed',
      stopped({
        stopCode: 'EssentialContainerExited',
        containers: [
          { name: 'init', lastStatus: 'STOPPED', exitCode: 4 },
          { name: 'main', lastStatus: 'STOPPED' },
        ],
      }),
      shape('Always', init),
      { kind: 'Failed', reason: 'InitContainerFailed' },
    ],
    [
      'an init container failed, with restartPolicy Never',
      stopped({
        stopCode: 'TaskFailedToStart',
        containers: [
          { name: 'init', lastStatus: 'STOPPED', exitCode: 4 },
          { name: 'main', lastStatus: 'STOPPED' },
        ],
      }),
      shape('Never', init),
      undefined,
    ],
  ])('%s', (_name, task, as, cause) => {
    const { stopCause } = read(task, as);
    if (cause === undefined) expect(stopCause).toBeUndefined();
    else expect(stopCause).toMatchObject(cause);
  });
});

describe('how a container ended', () => {
  test.each<[string, Partial<Container>, object]>([
    ['well', { exitCode: 0 }, { exitCode: 0, reason: 'Completed', containerId: 'abc-1' }],
    ['badly', { exitCode: 3 }, { exitCode: 3, reason: 'Error' }],
    ['killed', { exitCode: 137 }, { exitCode: 137, signal: 9, reason: 'Error' }],
    [
      'out of memory',
      { exitCode: 137, reason: 'OutOfMemoryError: Container killed due to memory usage' },
      { exitCode: 137, reason: 'OOMKilled' },
    ],
    ['nobody knows', { exitCode: undefined }, { exitCode: 137, reason: 'ContainerStatusUnknown' }],
    [
      'never begun',
      { exitCode: undefined, reason: 'CannotStartContainerError: no such file' },
      { exitCode: 128, reason: 'StartError' },
    ],
  ])('%s', (_name, main, state) => {
    expect(read(stopped({}, main)).containers[0]?.state).toMatchObject({ kind: 'terminated', ...state });
  });

  test('with the times of the task, and billed to its end', () => {
    const { containers, billing } = read(stopped({}));
    expect(containers[0]?.state).toMatchObject({ startedAt: iso(20), finishedAt: iso(90) });
    expect(billing).toEqual({ startedAt: iso(10), endedAt: iso(100) });
  });

  const pulling = 'ResourceInitializationError: unable to pull secrets or registry auth:';
  const reading = `${pulling} execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried`;
  const arn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:burstlet/1/n/2-AbCdEf';
  test.each([
    [
      `${reading} 1 time(s): failed to fetch secret ${arn} from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret.`,
      'StoredSecretMissing',
    ],
    [
      `${reading} 1 time(s): failed to fetch secret ${arn} from secrets manager: AccessDeniedException: Access to KMS is not allowed`,
      'StoredSecretDenied',
    ],
    [
      `${reading} 5 time(s): failed to fetch secret ${arn} from secrets manager: RequestCanceled: request context canceled caused by: context deadline exceeded`,
      'StoredSecretUnavailable',
    ],
    // Cut off.
    [`${reading} 1 time(s): failed to fetch secr...`, 'StoredSecretUnavailable'],
    [
      `${pulling} execution resource retrieval failed: unable to get registry auth from asm: service call has been retried 1 time(s): asm fetching secret from the service for ${arn}: AccessDeniedException: no`,
      'StoredSecretDenied',
    ],
    [
      `${pulling} execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request failed`,
      'TaskFailedToStart',
    ],
  ])('%s', (stoppedReason, reason) => {
    const containers = [{ name: 'main', lastStatus: 'STOPPED' }];
    const { stopCause } = read(stopped({ stopCode: 'TaskFailedToStart', stoppedReason, containers }));
    expect(stopCause).toMatchObject({ kind: 'Failed', reason });
    expect(stopCause?.message).toContain(stoppedReason);
  });

  test('an image that cannot be pulled is why it waits', () => {
    const main = { runtimeId: undefined, exitCode: undefined, reason: 'CannotPullContainerError: denied' };
    expect(read(stopped({}, main)).containers[0]?.state).toMatchObject({
      kind: 'waiting',
      reason: 'ErrImagePull',
    });
  });

  test('while the task goes on, when it was seen to have ended', () => {
    const containers = [{ name: 'main', lastStatus: 'STOPPED', exitCode: 0 }];
    const first = withLook(seen, { ...running, containers }, at(40).getTime());
    const second = withLook(first, { ...running, containers }, at(50).getTime());
    const instance = instanceOf(stopped({}), owner, shape(), second);
    expect(instance.containers[0]?.state).toMatchObject({ finishedAt: iso(40) });
  });
});

test('an interruption is told from the notice to the end', () => {
  const notice = {
    desiredStatus: 'STOPPED',
    stopCode: 'SpotInterruption',
    stoppedReason: 'Your Spot Task was interrupted.',
  } as const;
  const warned = read({ ...running, ...notice, stoppingAt: at(50) });
  expect(warned).toMatchObject({
    phase: 'Stopping',
    interruption: { at: iso(170), message: notice.stoppedReason },
  });
  expect(read(stopped(notice))).not.toHaveProperty('interruption');
});

test('readiness is the health check, where it stands for one', () => {
  const probed: TaskShape = {
    restartPolicy: 'Always',
    containers: [{ name: 'main', kind: 'regular', image: 'i', health: ['readiness'] }],
    secrets: [],
  };
  const health = (healthStatus: Container['healthStatus']) =>
    read({ ...running, containers: [{ name: 'main', lastStatus: 'RUNNING', healthStatus }] }, probed);
  expect(health('UNKNOWN').containers[0]).toMatchObject({ started: true, ready: false });
  expect(health('HEALTHY').containers[0]).toMatchObject({ started: true, ready: true });
});

test('why it waits', () => {
  const pulling = { ...running, lastStatus: 'PENDING', pullStoppedAt: undefined, containers: [] };
  expect(read(pulling).waiting?.message).toBe('the images are being pulled');
  const early = {
    taskArn: running.taskArn,
    lastStatus: 'PROVISIONING',
    desiredStatus: 'RUNNING',
    createdAt: at(0),
  };
  expect(read(early)).toMatchObject({
    phase: 'Pending',
    ips: [],
    waiting: { message: expect.stringMatching(/capacity/) },
  });
  expect(read(early)).not.toHaveProperty('billing');
});
