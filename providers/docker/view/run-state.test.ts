import { expect, test } from 'vitest';
import type { InspectedContainer } from '../engine/shapes.ts';
import { isRefusedByRuntime, toRun } from './run-state.ts';

const owner = { clusterUid: 'c', node: 'n', namespace: 'ns', name: 'pod', podUid: 'uid', attempt: 0 };
const labels = {
  role: 'container',
  sandboxId: 's',
  owner,
  name: 'main',
  run: 2,
  image: 'busybox',
  imageId: 'sha256:1',
  messagePolicy: 'File',
} as const;
const zero = '0001-01-01T00:00:00Z';

function state(more: Partial<InspectedContainer['State']>) {
  const State = {
    Status: 'exited',
    OOMKilled: false,
    ExitCode: 0,
    Error: '',
    StartedAt: zero,
    FinishedAt: zero,
    Pid: 0,
    ...more,
  };
  const inspected: InspectedContainer = {
    Id: 'id',
    Name: '/x',
    Created: '2026-01-01T00:00:00.123456789Z',
    Image: '',
    State,
    Config: { Labels: {}, Tty: false },
    NetworkSettings: { Networks: null },
  };
  return toRun(inspected, labels, State.Error)?.state;
}

test('what runs has begun, what was made has not', () => {
  expect(state({ Status: 'running', StartedAt: '2026-01-01T00:00:01Z' })).toEqual({
    kind: 'running',
    startedAt: '2026-01-01T00:00:01.000Z',
  });
  expect(state({ Status: 'stopping', StartedAt: '2026-01-01T00:00:01Z' })?.kind).toBe('running');
  expect(state({ Status: 'created' })).toBeUndefined();
  expect(
    state({ Status: 'created', Error: 'mkdir /x: no space left on device', ExitCode: 128 }),
  ).toBeUndefined();
});

test('what could not be started ended with StartError when it was made', () => {
  const message =
    'failed to create shim task: OCI runtime create failed: exec: "x": executable file not found in $PATH';
  expect(state({ Status: 'created', Error: message, ExitCode: 127 })).toMatchObject({
    result: { exitCode: 128, reason: 'StartError', message, finishedAt: '2026-01-01T00:00:00.123Z' },
  });
});

test('what ended has its code, its reason and times in order', () => {
  const times = { StartedAt: '2026-01-01T00:00:01.5Z', FinishedAt: '2026-01-01T00:00:01.4Z' };
  expect(state({ ...times, ExitCode: 3 })).toMatchObject({
    result: {
      exitCode: 3,
      reason: 'Error',
      startedAt: '2026-01-01T00:00:01.500Z',
      finishedAt: '2026-01-01T00:00:01.500Z',
    },
  });
  expect(state({ ...times, Status: 'dead' })).toMatchObject({ result: { exitCode: 0, reason: 'Completed' } });
  expect(state({ ...times, ExitCode: 137, OOMKilled: true })).toMatchObject({
    result: { reason: 'OOMKilled' },
  });
});

test('a full disk is no fault of the container', () => {
  expect(isRefusedByRuntime('OCI runtime create failed: runc create failed: no such file or directory')).toBe(
    true,
  );
  expect(isRefusedByRuntime('OCI runtime create failed: write /x: no space left on device')).toBe(false);
  expect(isRefusedByRuntime('context deadline exceeded')).toBe(false);
});
