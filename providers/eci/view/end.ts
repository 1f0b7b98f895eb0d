import type { ContainerObservation, Instance } from '../../contract/index.ts';

/** How it ended for a container that was last seen running. */
export interface Ending {
  readonly reason: 'ContainerStatusUnknown' | 'Error';
  readonly message: string;
}

/** As the kubelet puts it for a container that it cannot find any more. */
export const unknownEnd: Ending = {
  reason: 'ContainerStatusUnknown',
  message: 'the instance ended, and the platform does not say how this container did',
};

export const killedEnd: Ending = {
  reason: 'Error',
  message: 'killed when its grace period was over',
};

const killedCode = 137;

/** Nothing runs in an instance that has ended, whatever was seen of its containers last. */
export function atRest(
  containers: readonly ContainerObservation[],
  at: string | undefined,
  { reason, message }: Ending,
): readonly ContainerObservation[] {
  return containers.map((container) => {
    const { state, id } = container;
    if (state.kind !== 'running') return container;
    const { startedAt } = state;
    const finishedAt = at !== undefined && at > startedAt ? at : startedAt;
    const isKill = reason === 'Error';
    return {
      ...container,
      state: {
        kind: 'terminated',
        exitCode: killedCode,
        ...(isKill && { signal: 9 }),
        reason,
        message,
        startedAt,
        finishedAt,
        containerId: id,
      },
      started: false,
      ready: false,
    };
  });
}

/** The last state of an instance that is not at the platform any more. */
export function lastState(instance: Instance, at: string, ending: Ending): Instance {
  if (instance.phase === 'Stopped') return instance;
  const { interruption: _, waiting: __, billing, ...rest } = instance;
  const containers = atRest(instance.containers, at, ending);
  return {
    ...rest,
    phase: 'Stopped',
    containers,
    ...(billing && { billing: { ...billing, endedAt: billing.endedAt ?? lastExit(containers) ?? at } }),
  };
}

function lastExit(containers: readonly ContainerObservation[]): string | undefined {
  const ends = containers.flatMap(({ state }) => (state.kind === 'terminated' ? [state.finishedAt] : []));
  return ends.toSorted().at(-1);
}
