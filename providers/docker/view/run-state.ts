import type { TerminatedState } from '../../contract/instance.ts';
import type { RuntimeContainer } from '../../contract/runtime.ts';
import { isEngineTrouble } from '../engine/errors.ts';
import type { InspectedContainer } from '../engine/shapes.ts';
import type { Labelled } from '../pod/labels.ts';

type ContainerLabels = Extract<Labelled, { role: 'container' }>;

/**
 * What the engine says when the container itself cannot be started (no such command, no such folder to work in): the
 * low-level runtime was reached and has refused. Everything else is a failure of the engine.
 */
export function isRefusedByRuntime(message: string): boolean {
  return (
    /OCI (runtime|permission denied)|executable file not found|exec format error/i.test(message) &&
    !isEngineTrouble(message)
  );
}

/** Undefined while it was not started. `refusal`: why it could not be. What an ended one has left as its message is not in it. */
export function toRun(
  inspected: InspectedContainer,
  labels: ContainerLabels,
  refusal: string,
): RuntimeContainer | undefined {
  const { Id: id, State, Created } = inspected;
  const run = { id, name: labels.name, run: labels.run, image: labels.image, imageId: labels.imageId };
  switch (State.Status) {
    case 'running':
    case 'paused':
    case 'restarting':
    case 'stopping':
      return { ...run, state: { kind: 'running', startedAt: iso(State.StartedAt) } };
    case 'created':
    case 'initialized':
    case 'configured':
      // The engine leaves a container that could not be started as it was.
      return isRefusedByRuntime(refusal)
        ? { ...run, state: { kind: 'exited', result: startError(id, refusal, Created) } }
        : undefined;
    default:
      return { ...run, state: { kind: 'exited', result: exit(inspected) } };
  }
}

/** As containerd reports it to the kubelet. The engine notes no time: that of its creation is a moment before. */
function startError(containerId: string, message: string, createdAt: string): TerminatedState {
  const at = iso(createdAt);
  return {
    kind: 'terminated',
    exitCode: 128,
    reason: 'StartError',
    message,
    startedAt: at,
    finishedAt: at,
    containerId,
  };
}

function exit({ Id, State, Created }: InspectedContainer): TerminatedState {
  const { ExitCode, OOMKilled, StartedAt, FinishedAt } = State;
  const startedAt = iso(isSet(StartedAt) ? StartedAt : Created);
  const finishedAt = iso(isSet(FinishedAt) ? FinishedAt : Created);
  return {
    kind: 'terminated',
    exitCode: ExitCode,
    reason: OOMKilled ? 'OOMKilled' : ExitCode === 0 ? 'Completed' : 'Error',
    message: '',
    startedAt,
    // The engine notes the start after the program has begun: a short one is over by then.
    finishedAt: later(startedAt, finishedAt),
    containerId: Id,
  };
}

/** Both as toISOString writes them. */
function later(one: string, other: string): string {
  return one > other ? one : other;
}

/** Go's zero time is the year 1. */
function isSet(time: string): boolean {
  return Date.parse(time) > 0;
}

function iso(time: string): string {
  return new Date(time).toISOString();
}
