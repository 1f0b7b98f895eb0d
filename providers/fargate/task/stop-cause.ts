import type { Container, Task } from '@aws-sdk/client-ecs';
import type { StopCause } from '../../contract/index.ts';
import { capacityText } from '../api/errors.ts';
import type { TaskShape } from '../definition/shape.ts';
import { hasBegun } from './phase.ts';

/** What StopTask is told when the node asks for it; it comes back as the reason of the stop. */
export const stopReason = 'Stopped by Burstlet';
export const unhealthyReason = 'Stopped by Burstlet: a liveness probe failed';

const spotText = /your spot task was interrupted|spot interruption/i;
const pullText = /CannotPull|CannotPullImageManifest|pull image|image manifest/i;

/** What ECS says when it does not get a stored secret (resource-initialization-error.html). */
const secretText = /ResourceInitializationError.*(from asm|secrets ?manager)/i;

/** What that means, the first that fits. The text may be cut before it says why. */
const secretTroubles = [
  {
    pattern: /ResourceNotFoundException|can.t find the specified secret|marked for deletion/i,
    reason: 'StoredSecretMissing',
    what: 'somebody deleted the stored secret before the task started; the next Pod gets a new one',
  },
  {
    pattern: /AccessDenied|not authorized|Access to KMS/i,
    reason: 'StoredSecretDenied',
    what: 'the execution role may not read the stored secret: give it secretsmanager:GetSecretValue (docs/guides/burst-to-fargate.md)',
  },
  {
    pattern: /./,
    reason: 'StoredSecretUnavailable',
    what: 'the stored secret could not be read: the subnet needs a way to Secrets Manager',
  },
] as const;

/** Reasons of tasks that did not get a stored secret. */
export const storedSecretReasons: ReadonlySet<string> = new Set(secretTroubles.map(({ reason }) => reason));

/** Characters of a message. */
const longest = 1024;

/** The notice of an interruption comes this long before the end (fargate-capacity-providers.html). */
const noticeMs = 120_000;

/** Fargate takes it back, or has; older texts say TerminationNotice where the API now says SpotInterruption. */
function isInterrupted({ stopCode, stoppedReason = '' }: Task): boolean {
  return stopCode === 'SpotInterruption' || stopCode === 'TerminationNotice' || spotText.test(stoppedReason);
}

/** The notice, while the task still runs. `seenAt` is milliseconds since the epoch. */
export function interruptionOf(
  task: Task,
  seenAt: number,
): { readonly at: string; readonly message: string } | undefined {
  const { lastStatus, desiredStatus, stoppingAt, stoppedReason } = task;
  if (lastStatus === 'STOPPED' || desiredStatus !== 'STOPPED' || !isInterrupted(task)) return undefined;
  const at = new Date((stoppingAt?.getTime() ?? seenAt) + noticeMs).toISOString();
  return { at, message: stoppedReason ?? 'Fargate takes the task back' };
}

/** Why a stopped task ended; undefined when its containers ended by themselves, or the node asked for it. */
export function stopCauseOf(task: Task, shape: TaskShape): StopCause | undefined {
  const message = messageOf(task, shape);
  const failed = (reason: string): StopCause => ({ kind: 'Failed', reason, message });
  if (isInterrupted(task))
    return { kind: 'Interrupted', reason: task.stopCode ?? 'SpotInterruption', message };
  if (task.stoppedReason?.startsWith(unhealthyReason)) return failed('Unhealthy');
  if (task.stoppedReason?.startsWith(stopReason)) return undefined;
  const began = own(task, shape).some(([, container]) => hasBegun(container));
  if (!began && capacityText.test(message)) return { kind: 'OutOfStock', reason: 'NoCapacity', message };
  const secretCause = began ? undefined : secretCauseOf(message);
  if (secretCause !== undefined) return secretCause;
  if (!began && pullText.test(message)) return failed('ErrImagePull');
  if (failedOf(task, shape, 'helper') !== undefined) return failed('VolumesNotWritten');
  if (failedOf(task, shape, 'init') !== undefined)
    return shape.restartPolicy === 'Never' ? undefined : failed('InitContainerFailed');
  if (!began || task.stopCode === 'TaskFailedToStart') return failed(task.stopCode ?? 'TaskFailedToStart');
  if (task.stopCode === 'UserInitiated') return failed('StoppedByUser');
  if (task.stopCode === 'EssentialContainerExited' || task.stopCode === undefined)
    return wantsRestart(task, shape) ? failed('ContainerNotRestarted') : undefined;
  return failed(task.stopCode);
}

function secretCauseOf(message: string): StopCause | undefined {
  if (!secretText.test(message)) return undefined;
  const trouble = secretTroubles.find(({ pattern }) => pattern.test(message));
  return (
    trouble && {
      kind: 'Failed',
      reason: trouble.reason,
      message: `${trouble.what}: ${message}`.slice(0, longest),
    }
  );
}

/** On a node the policy would have started one of them again; ECS does so only after a run of a minute. */
function wantsRestart(task: Task, shape: TaskShape): boolean {
  if (shape.restartPolicy === 'Never') return false;
  return own(task, shape, 'regular').some(
    ([, container]) => shape.restartPolicy === 'Always' || container?.exitCode !== 0,
  );
}

/** The first of that kind that ended other than well. */
function failedOf(task: Task, shape: TaskShape, kind: 'init' | 'helper'): Container | undefined {
  const failed = own(task, shape, kind).find(
    ([, container]) => container?.exitCode !== undefined && container.exitCode !== 0,
  );
  return failed?.[1];
}

function own(
  { containers = [] }: Task,
  shape: TaskShape,
  kind?: TaskShape['containers'][number]['kind'],
): [name: string, container: Container | undefined][] {
  return shape.containers
    .filter((one) => (kind === undefined ? one.kind !== 'helper' : one.kind === kind))
    .map(({ name }) => [name, containers.find((container) => container.name === name)]);
}

/** What ECS says of the task, and of the containers that it has something to say about. */
function messageOf(
  { stoppedReason, stopCode, containers = [] }: Task,
  { containers: known }: TaskShape,
): string {
  const shown = containers
    .filter(
      ({ reason, name }) => reason && known.some((one) => one.name === name) && reason !== stoppedReason,
    )
    .map(({ name, reason }) => `${name}: ${reason}`);
  return [stoppedReason ?? stopCode ?? 'the task stopped without a reason', ...shown]
    .join('; ')
    .slice(0, longest);
}
