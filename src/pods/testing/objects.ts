import type {
  ContainerObservation,
  ContainerState,
  Instance,
  InstancePhase,
} from '../../../providers/contract/index.ts';
import type { Pod, PodSpec, PodStatus } from '../../kube/types.ts';

/** Sample objects for tests: a Pod with one container `main`, and the instance that runs it. */
export interface PodOptions {
  readonly uid?: string;
  readonly name?: string;
  readonly spec?: Partial<PodSpec>;
  readonly status?: PodStatus;
  readonly meta?: Pod['metadata'];
}

export function aPod(options: PodOptions = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: options.name ?? 'web-0',
      namespace: 'default',
      uid: options.uid ?? 'uid-1',
      resourceVersion: '1',
      ...options.meta,
    },
    spec: {
      nodeName: 'burst-0',
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      containers: [{ name: 'main', image: 'burstlet.dev/host', command: ['true'] }],
      ...options.spec,
    },
    status: options.status ?? { phase: 'Pending', qosClass: 'BestEffort' },
  };
}

export interface InstanceOptions {
  readonly id?: string;
  readonly uid?: string;
  readonly phase?: InstancePhase;
  readonly attempt?: number;
  readonly containers?: readonly ContainerObservation[];
  readonly stopCause?: Instance['stopCause'];
  readonly interruption?: Instance['interruption'];
}

export function anInstance(options: InstanceOptions = {}): Instance {
  const podUid = options.uid ?? 'uid-1';
  const phase = options.phase ?? 'Running';
  return {
    ref: { id: options.id ?? 'i-1', podUid },
    owner: {
      clusterUid: 'c-1',
      node: 'burst-0',
      namespace: 'default',
      name: 'web-0',
      podUid,
      attempt: options.attempt ?? 0,
    },
    phase,
    createdAt: '2026-01-01T00:00:00.000Z',
    ips: phase === 'Pending' ? [] : ['10.0.0.7'],
    containers: options.containers ?? defaultContainers(phase),
    ...(options.stopCause === undefined ? {} : { stopCause: options.stopCause }),
    ...(options.interruption === undefined ? {} : { interruption: options.interruption }),
  };
}

function defaultContainers(phase: InstancePhase): ContainerObservation[] {
  if (phase === 'Pending') return [];
  return [phase === 'Stopped' ? aContainer({ state: exited(0) }) : aContainer()];
}

export function aContainer(options: Partial<ContainerObservation> = {}): ContainerObservation {
  const state = options.state ?? { kind: 'running', startedAt: '2026-01-01T00:00:01.000Z' };
  const running = state.kind === 'running';
  return {
    name: 'main',
    kind: 'regular',
    image: 'burstlet.dev/host',
    imageId: '',
    id: 'c-main-0',
    restartCount: 0,
    started: running,
    ready: running,
    ...options,
    state,
  };
}

export function exited(
  exitCode: number,
  reason = exitCode === 0 ? 'Completed' : 'Error',
): ContainerState & { kind: 'terminated' } {
  return {
    kind: 'terminated',
    exitCode,
    reason,
    message: '',
    startedAt: '2026-01-01T00:00:01.000Z',
    finishedAt: '2026-01-01T00:00:09.000Z',
    containerId: 'c-main-0',
  };
}
