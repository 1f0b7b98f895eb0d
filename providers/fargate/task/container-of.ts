import type { Container } from '@aws-sdk/client-ecs';
import type { ContainerObservation, ContainerState } from '../../contract/index.ts';
import type { ContainerShape } from '../definition/shape.ts';
import { hasBegun } from './phase.ts';
import type { TaskTimes } from './times.ts';

/** What is known of a container beside the container itself. */
export interface ContainerPlace {
  readonly times: TaskTimes;
  /** It waits for init containers first. */
  readonly initialising: boolean;
  /** When it was first seen ended, while the task went on. */
  readonly seenEndedAt: string | undefined;
}

const killedCode = 137;
const startErrorCode = 128;

export function containerOf(
  shape: ContainerShape,
  container: Container | undefined,
  place: ContainerPlace,
): ContainerObservation {
  const state = stateOf(shape, container, place);
  const running = state.kind === 'running';
  const healthy = container?.healthStatus === 'HEALTHY';
  return {
    name: shape.name,
    kind: shape.kind === 'regular' ? 'regular' : 'init',
    image: shape.image,
    imageId: imageIdOf(shape.image, container?.imageDigest),
    id: state.kind === 'waiting' ? '' : idOf(container),
    state,
    restartCount: 0,
    started: running,
    ready: running && (healthy || !shape.health.includes('readiness')),
  };
}

function stateOf(
  { kind }: ContainerShape,
  container: Container | undefined,
  { times, initialising, seenEndedAt }: ContainerPlace,
): ContainerState {
  const { lastStatus, exitCode, reason = '' } = container ?? {};
  // The task counts as running when all of its containers run: one that runs already must not begin anew by that. Only
  // behind init containers, which end before, that time is the nearer one.
  const startedAt = kind === 'regular' && initialising ? times.runningAt : times.begunAt;
  if (lastStatus === 'RUNNING') return { kind: 'running', startedAt };
  const ended = lastStatus === 'STOPPED';
  const finishedAt =
    (kind === 'init' ? undefined : (seenEndedAt ?? times.endedAt ?? times.stoppingAt)) ?? startedAt;
  const end = {
    kind: 'terminated',
    startedAt,
    finishedAt,
    containerId: idOf(container),
    message: reason,
  } as const;
  if (ended && hasBegun(container)) {
    if (exitCode === undefined) return { ...end, exitCode: killedCode, reason: 'ContainerStatusUnknown' };
    return {
      ...end,
      exitCode,
      reason: reasonOf(exitCode, reason),
      ...(exitCode === killedCode && { signal: 9 }),
    };
  }
  if (ended && /Cannot(Start|Create)/.test(reason))
    return { ...end, exitCode: startErrorCode, reason: 'StartError', finishedAt: startedAt };
  if (/CannotPull/.test(reason)) return { kind: 'waiting', reason: 'ErrImagePull', message: reason };
  const waits = initialising && kind !== 'init' ? 'PodInitializing' : 'ContainerCreating';
  return { kind: 'waiting', reason: waits, message: reason };
}

function reasonOf(exitCode: number, reason: string): string {
  if (/OutOfMemory/i.test(reason)) return 'OOMKilled';
  return exitCode === 0 ? 'Completed' : 'Error';
}

/** The runtime's own ID; the end of the ARN, which is as unique, where ECS does not tell it. */
function idOf(container: Container | undefined): string {
  return container?.runtimeId ?? container?.containerArn?.split('/').at(-1) ?? '';
}

function imageIdOf(image: string, digest: string | undefined): string {
  if (digest === undefined) return '';
  const name = image.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  return `${name}@${digest}`;
}
