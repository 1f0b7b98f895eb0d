import type {
  ContainerObservation,
  ContainerState,
  Instance,
  TerminatedState,
} from '../../../providers/contract/index.ts';
import type { ContainerStatus, Pod } from '../../kube/types.ts';
import { sidecarNames } from './phase.ts';
import { volumeMounts } from './volume-mounts.ts';

/** Of all termination messages of one Pod together (pkg/kubelet/status/status_manager.go). */
const messageBudgetBytes = 12 * 1024;

export interface ContainerStatusLists {
  initContainerStatuses?: ContainerStatus[];
  containerStatuses?: ContainerStatus[];
  ephemeralContainerStatuses?: ContainerStatus[];
}

/** The status lists as the kubelet orders them: init containers as in the spec, the others by name. */
export function containerStatuses(
  pod: Pod,
  containers: readonly ContainerObservation[],
  providerName: string,
): ContainerStatusLists {
  const messageCap = Math.floor(messageBudgetBytes / Math.max(1, containers.length));
  const toStatus = (container: ContainerObservation): ContainerStatus => ({
    ...containerStatus(container, providerName, messageCap),
    ...readiness(pod, container),
    ...volumeMounts(pod, container),
  });
  const ofKind = (kind: ContainerObservation['kind']): ContainerObservation[] =>
    containers.filter((container) => container.kind === kind);
  const inSpecOrder = (pod.spec?.initContainers ?? []).flatMap(({ name }) =>
    ofKind('init').filter((container) => container.name === name),
  );
  const lists: ContainerStatusLists = {};
  const byName = (a: ContainerObservation, b: ContainerObservation): number => (a.name < b.name ? -1 : 1);
  const regular = ofKind('regular').toSorted(byName);
  const ephemeral = ofKind('ephemeral').toSorted(byName);
  if (inSpecOrder.length > 0) lists.initContainerStatuses = inSpecOrder.map(toStatus);
  if (regular.length > 0) lists.containerStatuses = regular.map(toStatus);
  if (ephemeral.length > 0) lists.ephemeralContainerStatuses = ephemeral.map(toStatus);
  return lists;
}

function containerStatus(
  container: ContainerObservation,
  providerName: string,
  messageCap: number,
): Omit<ContainerStatus, 'ready'> {
  return {
    name: container.name,
    image: container.image,
    imageID: container.imageId,
    ...(container.id === '' ? {} : { containerID: `${providerName}://${container.id}` }),
    state: wireState(container.state, providerName, messageCap),
    lastState:
      container.lastState === undefined ? {} : wireState(container.lastState, providerName, messageCap),
    restartCount: container.restartCount,
  };
}

/**
 * An init container is ready when it is over and went well, unless it is a sidecar (prober_manager.go,
 * UpdatePodStatus); nobody asks an ephemeral container.
 */
function readiness(
  pod: Pod,
  { kind, name, state, ready, started }: ContainerObservation,
): Pick<ContainerStatus, 'ready' | 'started'> {
  if (kind === 'ephemeral') return { ready: false };
  if (kind === 'regular' || sidecarNames(pod).has(name)) return { ready, started };
  return { ready: state.kind === 'terminated' && state.exitCode === 0, started };
}

function wireState(
  state: ContainerState,
  providerName: string,
  messageCap: number,
): NonNullable<ContainerStatus['state']> {
  switch (state.kind) {
    case 'waiting':
      return {
        waiting: { reason: state.reason, ...(state.message === '' ? {} : { message: state.message }) },
      };
    case 'running':
      return { running: { startedAt: wholeSeconds(state.startedAt) } };
    case 'terminated':
      return { terminated: wireTerminated(state, providerName, messageCap) };
  }
}

function wireTerminated(
  state: TerminatedState,
  providerName: string,
  messageCap: number,
): NonNullable<NonNullable<ContainerStatus['state']>['terminated']> {
  return {
    exitCode: state.exitCode,
    ...(state.signal === undefined ? {} : { signal: state.signal }),
    reason: state.reason,
    ...(state.message === '' ? {} : { message: lastBytes(state.message, messageCap) }),
    startedAt: wholeSeconds(state.startedAt),
    finishedAt: wholeSeconds(state.finishedAt),
    ...(state.containerId === '' ? {} : { containerID: `${providerName}://${state.containerId}` }),
  };
}

function lastBytes(text: string, cap: number): string {
  const bytes = Buffer.from(text);
  return bytes.length <= cap ? text : bytes.subarray(bytes.length - cap).toString('utf8');
}

/** metav1.Time has no fraction. */
export function wholeSeconds(time: string | number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

/** What is said of containers that the provider has not begun with. */
export function notStarted(
  pod: Pod,
  waiting?: { readonly reason: string; readonly message: string; readonly container?: string },
): ContainerObservation[] {
  const init = pod.spec?.initContainers ?? [];
  const usual = init.length > 0 ? 'PodInitializing' : 'ContainerCreating';
  const state = (name: string): ContainerState =>
    waiting === undefined || (waiting.container ?? name) !== name
      ? { kind: 'waiting', reason: usual, message: '' }
      : { kind: 'waiting', reason: waiting.reason, message: waiting.message };
  const blank =
    (kind: ContainerObservation['kind']) =>
    ({ name, image = '' }: { readonly name: string; readonly image?: string }): ContainerObservation => ({
      ...{ name, kind, image, imageId: '', id: '', restartCount: 0, started: false, ready: false },
      state: state(name),
    });
  return [
    ...init.map(blank('init')),
    ...(pod.spec?.containers ?? []).map(blank('regular')),
    ...(pod.spec?.ephemeralContainers ?? []).map(blank('ephemeral')),
  ];
}

/**
 * An instance whose provider has not been given the spec in this process: it sees what runs and knows of no probe. What
 * runs is as ready as it was when it was last told of, for no probe has found otherwise.
 */
export function unjudged(pod: Pod, instance: Instance): Instance {
  const told = new Map(observationsOf(pod).map((container) => [container.id, container]));
  const containers = instance.containers.map((container) => {
    if (container.state.kind !== 'running') return container;
    const { ready = false, started = false } = told.get(container.id) ?? {};
    return { ...container, ready, started };
  });
  return { ...instance, containers };
}

/** Every container as it was last seen, with those that had not ended marked as lost with their instance. */
export function lostContainers(
  containers: readonly ContainerObservation[],
  finishedAt: string,
): ContainerObservation[] {
  return containers.map((container) => {
    if (container.state.kind === 'terminated') return container;
    const startedAt = container.state.kind === 'running' ? container.state.startedAt : finishedAt;
    return {
      ...container,
      ready: false,
      started: false,
      state: {
        kind: 'terminated',
        exitCode: 137,
        reason: 'ContainerStatusUnknown',
        message: 'The container could not be located when the instance was gone',
        startedAt,
        finishedAt,
        containerId: container.id,
      },
    };
  });
}

/** Reads the statuses of a Pod back, for when the instance is gone and only the API remembers it. */
export function observationsOf(pod: Pod): ContainerObservation[] {
  const read =
    (kind: ContainerObservation['kind']) =>
    (status: ContainerStatus): ContainerObservation => {
      const id = (status.containerID ?? '').replace(/^[^:]+:\/\//, '');
      return {
        name: status.name,
        kind,
        image: status.image,
        imageId: status.imageID,
        id,
        state: readState(status, id),
        restartCount: status.restartCount,
        started: status.started ?? false,
        ready: status.ready,
      };
    };
  return [
    ...(pod.status?.initContainerStatuses ?? []).map(read('init')),
    ...(pod.status?.containerStatuses ?? []).map(read('regular')),
    ...(pod.status?.ephemeralContainerStatuses ?? []).map(read('ephemeral')),
  ];
}

function readState(status: ContainerStatus, id: string): ContainerState {
  const { terminated, running, waiting } = status.state ?? {};
  if (terminated !== undefined) {
    const startedAt = terminated.startedAt ?? terminated.finishedAt ?? new Date(0).toISOString();
    return {
      kind: 'terminated',
      exitCode: terminated.exitCode,
      ...(terminated.signal === undefined ? {} : { signal: terminated.signal }),
      reason: terminated.reason ?? '',
      message: terminated.message ?? '',
      startedAt,
      finishedAt: terminated.finishedAt ?? startedAt,
      containerId: id,
    };
  }
  if (running !== undefined)
    return { kind: 'running', startedAt: running.startedAt ?? new Date(0).toISOString() };
  return { kind: 'waiting', reason: waiting?.reason ?? 'ContainerCreating', message: waiting?.message ?? '' };
}
