import { expect, test } from 'vitest';
import { hasEnded } from './shapes.ts';

const command = { Running: false, ExitCode: null, Pid: 0, ContainerID: 'c' };

test.each([
  ['dockerd: not started yet', {}, false],
  ['dockerd: runs', { Running: true, Pid: 7 }, false],
  ['dockerd: has run', { ExitCode: 0, Pid: 7 }, true],
  ['dockerd: was refused', { ExitCode: 126 }, true],
  ['Podman: not started yet', { ExitCode: 0, CanRemove: false }, false],
  ['Podman: runs', { ExitCode: 0, Running: true, Pid: 7, CanRemove: false }, false],
  ['Podman: has run', { ExitCode: 0, CanRemove: true }, true],
])('a command, %s', (_, more, ended) => {
  expect(hasEnded({ ...command, ...more })).toBe(ended);
});
