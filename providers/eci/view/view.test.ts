import { describe, expect, test } from 'vitest';
import type { InstancePhase, Ownership, StopCause } from '../../contract/index.ts';
import { ownershipTags } from '../../contract/index.ts';
import type { Group, GroupContainer, GroupEvent } from '../api/eci-api.ts';
import { lastState, unknownEnd } from './end.ts';
import { instanceView, ownerOf } from './group-view.ts';
import { newNotices } from './notices.ts';

const owner: Ownership = {
  clusterUid: 'c',
  node: 'n',
  namespace: 'default',
  name: 'web',
  podUid: 'uid',
  attempt: 2,
};
const at = '2026-01-01T00:00:00Z';
const running = { state: 'Running', startTime: at };
const ended = { state: 'Terminated', exitCode: 3, startTime: at, finishTime: '2026-01-01T00:00:09Z' };
const waiting = { state: 'Waiting', reason: 'CrashLoopBackOff' };

function group(status: string, container: Partial<GroupContainer> = {}, more: Partial<Group> = {}): Group {
  return {
    containerGroupId: 'eci-1',
    status,
    creationTime: at,
    intranetIp: '10.0.0.1',
    containers: [{ name: 'main', image: 'nginx', restartCount: 0, ready: true, ...container }],
    ...more,
  };
}

const warning = (reason: string): GroupEvent => ({
  type: 'Warning',
  reason,
  message: `about ${reason}`,
  lastTimestamp: at,
});
const never = { state: 'Waiting', reason: 'ContainerCreating' };

test.each<[Group, InstancePhase, StopCause['kind'] | undefined, string | undefined]>([
  [group('Scheduling', { currentState: never }), 'Pending', undefined, undefined],
  [group('Pending', { currentState: never }), 'Pending', undefined, undefined],
  [group('Pending', { currentState: running }), 'Running', undefined, undefined],
  [group('Running', { currentState: running }), 'Running', undefined, undefined],
  [group('Restarting', { currentState: running }), 'Running', undefined, undefined],
  [group('Updating', { currentState: running }), 'Running', undefined, undefined],
  [group('Terminating', { currentState: running }), 'Stopping', undefined, undefined],
  [group('Succeeded', { currentState: { ...ended, exitCode: 0 } }), 'Stopped', undefined, undefined],
  [group('Failed', { currentState: ended }), 'Stopped', undefined, undefined],
  [
    group('Failed', { currentState: never }, { events: [warning('MaxPending')] }),
    'Stopped',
    'Failed',
    'MaxPending',
  ],
  [
    group('Failed', { currentState: ended }, { events: [warning('SystemReboot')] }),
    'Stopped',
    'Failed',
    'SystemReboot',
  ],
  [
    group('Expired', { currentState: ended }, { events: [warning('SpotToBeReleased')] }),
    'Stopped',
    'Interrupted',
    'BidFailed',
  ],
  [
    group('ScheduleFailed', { currentState: never }, { events: [warning('NoStock')] }),
    'Stopped',
    'OutOfStock',
    'NoStock',
  ],
  [group('ScheduleFailed', { currentState: never }), 'Stopped', 'OutOfStock', 'ScheduleFailed'],
  [
    group('ScheduleFailed', { currentState: never }, { events: [warning('CpuOptionsNotValid')] }),
    'Stopped',
    'Failed',
    'CpuOptionsNotValid',
  ],
  [group('SomethingNew', { currentState: running }), 'Running', undefined, undefined],
])('status of a group %#', (seen, phase, kind, reason) => {
  const view = instanceView(seen, owner, undefined);
  expect([view.phase, view.stopCause?.kind, view.stopCause?.reason]).toEqual([phase, kind, reason]);
});

describe('containers', () => {
  const view = (container: Partial<GroupContainer>, status = 'Running') =>
    instanceView(group(status, container), owner, undefined).containers[0];

  test('one that runs has the ID of its run; ready is what the platform says', () => {
    expect(view({ currentState: running })).toMatchObject({
      id: 'eci-1-main-0',
      state: { kind: 'running', startedAt: '2026-01-01T00:00:00.000Z' },
      started: true,
      ready: true,
    });
    expect(view({ currentState: running, ready: false })?.ready).toBe(false);
  });

  test('one that was never started has no ID', () => {
    expect(view({ currentState: never }, 'Pending')).toMatchObject({ id: '', started: false, ready: false });
  });

  test('a restart is another run, and the last one stays readable', () => {
    const again = view({ currentState: running, previousState: ended, restartCount: 1 });
    expect([again?.id, again?.lastState?.containerId, again?.lastState?.exitCode]).toEqual([
      'eci-1-main-1',
      'eci-1-main-0',
      3,
    ]);
    const between = view({ currentState: waiting, previousState: ended, restartCount: 0 });
    expect([between?.id, between?.lastState?.containerId]).toEqual(['eci-1-main-0', 'eci-1-main-0']);
  });

  test.each([
    [{ exitCode: 0 }, 0, 'Completed'],
    [{ exitCode: 3 }, 3, 'Error'],
    [{ exitCode: 137, reason: 'OOMKilled' }, 137, 'OOMKilled'],
    [{ signal: 9 }, 137, 'Error'],
  ])('its end: %o', (state, exitCode, reason) => {
    expect(view({ currentState: { state: 'Terminated', ...state } })?.state).toMatchObject({
      exitCode,
      reason,
    });
  });

  test('in a group that has ended nothing runs', () => {
    const seen = instanceView(
      group('Failed', { currentState: running }, { failedTime: '2026-01-01T00:01:00Z' }),
      owner,
      undefined,
    );
    expect(seen.containers[0]?.state).toMatchObject({
      kind: 'terminated',
      exitCode: 137,
      reason: 'ContainerStatusUnknown',
      finishedAt: '2026-01-01T00:01:00.000Z',
    });
  });
});

test('the owner is in the tags; without all of them it is not ours', () => {
  const tags = Object.entries(ownershipTags(owner)).map(([key, value]) => ({ key, value }));
  expect(ownerOf({ tags })).toEqual(owner);
  expect(ownerOf({ tags: tags.slice(1) })).toBeUndefined();
  expect(ownerOf({})).toBeUndefined();
});

test('it is billed from when it was placed; the image digest and a notice are in the status', () => {
  const status = {
    podStatus: {
      startTime: '2026-01-01T00:00:02Z',
      conditions: [
        {
          type: 'ContainerInstanceCreated',
          reason: 'SpotToBeReleased',
          message: 'soon',
          lastTransitionTime: at,
        },
      ],
      containerStatuses: [{ name: 'main', imageID: 'nginx@sha256:1' }],
    },
  };
  const view = instanceView(group('Running', { currentState: running }), owner, status);
  expect(view.billing).toEqual({ startedAt: '2026-01-01T00:00:02.000Z' });
  expect(view.containers[0]?.imageId).toBe('nginx@sha256:1');
  expect(view.interruption).toEqual({ at: '2026-01-01T00:00:00.000Z', message: 'soon' });
  expect(instanceView(group('Scheduling'), owner, undefined).billing).toBeUndefined();
});

test('the last state of what the platform forgot', () => {
  const view = instanceView(group('Terminating', { currentState: running }), owner, {
    podStatus: { startTime: at },
  });
  const last = lastState(view, '2026-01-01T00:05:00.000Z', unknownEnd);
  expect(last).toMatchObject({
    phase: 'Stopped',
    containers: [{ state: { kind: 'terminated', exitCode: 137, reason: 'ContainerStatusUnknown' } }],
    billing: { endedAt: '2026-01-01T00:05:00.000Z' },
  });
  expect(lastState(last, '2026-01-01T00:09:00.000Z', unknownEnd)).toBe(last);
});

test('events are told once, oldest first, also those of one second', () => {
  const event = (reason: string, second: number): GroupEvent => ({
    type: 'Normal',
    reason,
    message: '',
    lastTimestamp: `2026-01-01T00:00:0${second}Z`,
  });
  const until = Date.parse('2026-01-01T00:00:01Z');
  const first = newNotices([event('B', 3), event('A', 2), event('Old', 0)], { until, keys: new Set() });
  expect(first.notices.map(({ reason }) => reason)).toEqual(['A', 'B']);
  const second = newNotices([event('B', 3), event('C', 3), event('A', 2)], first.told);
  expect(second.notices.map(({ reason }) => reason)).toEqual(['C']);
  expect(newNotices([event('B', 3), event('C', 3)], second.told).notices).toEqual([]);
});
