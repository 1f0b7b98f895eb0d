import type { Container, Task } from '@aws-sdk/client-ecs';
import type { Instance, InstancePhase } from '../../contract/index.ts';
import type { TaskShape } from '../definition/shape.ts';

const stoppingStates = ['DEACTIVATING', 'STOPPING', 'DEPROVISIONING'];
const stoppedStates = ['STOPPED', 'DELETED'];

/** Nothing of it can run any more. Its end may still be booked. */
export function isOver({ lastStatus = '', executionStoppedAt }: Task): boolean {
  return (
    stoppedStates.includes(lastStatus) || lastStatus === 'DEPROVISIONING' || executionStoppedAt !== undefined
  );
}

/**
 * A container was started, whatever became of it. An ID alone does not prove it: a container is made before it starts.
 */
export function hasBegun(container: Container | undefined): boolean {
  if (container === undefined) return false;
  const { lastStatus, exitCode, runtimeId, reason } = container;
  if (lastStatus !== 'STOPPED') return lastStatus === 'RUNNING';
  return exitCode !== undefined || (runtimeId !== undefined && reason === undefined);
}

/**
 * The states of a task: docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html. A task is
 * RUNNING only when all containers have begun; an instance runs with the first.
 */
export function phaseOf(task: Task, shape: TaskShape): InstancePhase {
  const { lastStatus = 'PROVISIONING', desiredStatus, containers = [] } = task;
  if (stoppedStates.includes(lastStatus)) return 'Stopped';
  if (desiredStatus === 'STOPPED' || stoppingStates.includes(lastStatus)) return 'Stopping';
  if (lastStatus === 'RUNNING') return 'Running';
  const own = shape.containers.filter(({ kind }) => kind !== 'helper').map(({ name }) => name);
  const begun = containers.some((container) => own.includes(container.name ?? '') && hasBegun(container));
  return begun ? 'Running' : 'Pending';
}

/** Why it does not run yet. */
export function waitingOf({
  lastStatus,
  pullStartedAt,
  pullStoppedAt,
}: Task): NonNullable<Instance['waiting']> {
  if (pullStartedAt !== undefined && pullStoppedAt === undefined)
    return { reason: 'ContainerCreating', message: 'the images are being pulled' };
  const message =
    lastStatus === 'PROVISIONING'
      ? 'Fargate is looking for capacity and attaching the network interface'
      : `the task is ${lastStatus ?? 'new'}`;
  return { reason: 'ContainerCreating', message };
}
