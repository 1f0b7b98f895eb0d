import { expect, test } from 'vitest';
import { waitingEvent } from './waiting-event.ts';

test('what lacks for a container is told of it, what lacks for a volume of the Pod', () => {
  const verdict = { reason: 'CreateContainerConfigError', message: 'configmap "a" not found' };
  expect(waitingEvent({ ...verdict, container: 'main' })).toEqual({
    reason: 'Failed',
    message: 'Error: configmap "a" not found',
    container: 'main',
  });
  const message = 'MountVolume.SetUp failed for volume "v" : configmap "a" not found';
  expect(waitingEvent({ reason: 'ContainerCreating', message })).toEqual({ reason: 'FailedMount', message });
});
