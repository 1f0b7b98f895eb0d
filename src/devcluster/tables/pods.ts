import type { ContainerStatus, Pod } from '../../kube/types.ts';
import { humanDuration, since } from './human-duration.ts';
import { printerOf, type RowCondition } from './printer.ts';
import { none, orNone } from './text.ts';

/** The rules of kubernetes/pkg/printers/internalversion, printPod. */
export const podPrinter = printerOf<Pod>({
  columns: [
    'Name',
    'Ready',
    'Status',
    'Restarts',
    'Age',
    'wide:IP',
    'wide:Node',
    'wide:Nominated Node',
    'wide:Readiness Gates',
  ],
  cells: (pod, now) => {
    const { ready, total, status, restarts, lastRestart } = summaryOf(pod);
    return [
      pod.metadata?.name ?? '',
      `${ready}/${total}`,
      status,
      restarts > 0 && lastRestart > 0
        ? `${restarts} (${humanDuration(now - lastRestart)} ago)`
        : String(restarts),
      since(pod.metadata?.creationTimestamp, now),
      orNone(pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP),
      orNone(pod.spec?.nodeName),
      orNone(pod.status?.nominatedNodeName),
      readinessGates(pod),
    ];
  },
  conditions: (pod) => completion[pod.status?.phase ?? ''] ?? [],
});

const completion: Readonly<Record<string, readonly RowCondition[]>> = {
  Succeeded: [
    {
      type: 'Completed',
      status: 'True',
      reason: 'Succeeded',
      message: 'The pod has completed successfully.',
    },
  ],
  Failed: [{ type: 'Completed', status: 'True', reason: 'Failed', message: 'The pod failed.' }],
};

interface PodSummary {
  readonly ready: number;
  readonly total: number;
  readonly status: string;
  readonly restarts: number;
  /** Milliseconds since the epoch; 0 = never. */
  readonly lastRestart: number;
}

function summaryOf(pod: Pod): PodSummary {
  const phase = pod.status?.phase ?? '';
  const sidecars = new Set(
    (pod.spec?.initContainers ?? []).filter((one) => one.restartPolicy === 'Always').map(({ name }) => name),
  );
  const total = (pod.spec?.containers?.length ?? 0) + sidecars.size;
  const gated = pod.status?.conditions?.some(
    ({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated',
  );
  const start = gated ? 'SchedulingGated' : pod.status?.reason || phase;

  const init = initOf(pod, sidecars);
  if (init.status !== undefined && !hasCondition(pod, 'Initialized')) {
    const { ready, status, restarts, lastRestart } = init;
    return { ready, total, status: deleted(pod, phase) ?? status, restarts, lastRestart };
  }
  const main = mainOf(pod, init.status ?? start);
  return {
    ready: init.ready + main.ready,
    total,
    status: deleted(pod, phase) ?? main.status,
    restarts: init.sidecarRestarts + main.restarts,
    lastRestart: Math.max(init.lastSidecarRestart, main.lastRestart),
  };
}

interface InitPart {
  /** Undefined when the init containers are done. */
  readonly status: string | undefined;
  readonly ready: number;
  readonly restarts: number;
  readonly lastRestart: number;
  readonly sidecarRestarts: number;
  readonly lastSidecarRestart: number;
}

/** Looks at the init containers up to the first that is not done. */
function initOf(pod: Pod, sidecars: ReadonlySet<string>): InitPart {
  let [ready, restarts, lastRestart, sidecarRestarts, lastSidecarRestart] = [0, 0, 0, 0, 0];
  let status: string | undefined;
  for (const [index, container] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const isSidecar = sidecars.has(container.name);
    restarts += container.restartCount;
    lastRestart = Math.max(lastRestart, lastFinish(container));
    if (isSidecar) {
      sidecarRestarts += container.restartCount;
      lastSidecarRestart = Math.max(lastSidecarRestart, lastFinish(container));
    }
    const { terminated, waiting } = container.state ?? {};
    if (terminated?.exitCode === 0) continue;
    if (isSidecar && container.started === true) {
      if (container.ready) ready++;
      continue;
    }
    if (terminated) status = `Init:${terminated.reason || exitOf(terminated)}`;
    else if (waiting?.reason && waiting.reason !== 'PodInitializing') status = `Init:${waiting.reason}`;
    else status = `Init:${index}/${pod.spec?.initContainers?.length ?? 0}`;
    break;
  }
  return { status, ready, restarts, lastRestart, sidecarRestarts, lastSidecarRestart };
}

type MainPart = Omit<PodSummary, 'total'>;

/** The first container with something to say gives the status. */
function mainOf(pod: Pod, start: string): MainPart {
  let [status, ready, restarts, lastRestart, hasRunning] = [start, 0, 0, 0, false];
  for (const container of (pod.status?.containerStatuses ?? []).toReversed()) {
    restarts += container.restartCount;
    lastRestart = Math.max(lastRestart, lastFinish(container));
    const { terminated, waiting, running } = container.state ?? {};
    if (waiting?.reason) status = waiting.reason;
    else if (terminated) status = terminated.reason || exitOf(terminated);
    else if (container.ready && running) {
      hasRunning = true;
      ready++;
    }
  }
  if (status === 'Completed' && hasRunning) status = hasCondition(pod, 'Ready') ? 'Running' : 'NotReady';
  return { status, ready, restarts, lastRestart };
}

function deleted(pod: Pod, phase: string): string | undefined {
  if (pod.metadata?.deletionTimestamp === undefined) return undefined;
  if (pod.status?.reason === 'NodeLost') return 'Unknown';
  return phase === 'Succeeded' || phase === 'Failed' ? undefined : 'Terminating';
}

function exitOf(terminated: { readonly exitCode: number; readonly signal?: number }): string {
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`;
}

function lastFinish(container: ContainerStatus): number {
  const finishedAt = container.lastState?.terminated?.finishedAt;
  return finishedAt ? Date.parse(finishedAt) : 0;
}

function hasCondition(pod: Pod, type: string): boolean {
  return pod.status?.conditions?.some((one) => one.type === type && one.status === 'True') === true;
}

function readinessGates(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? [];
  if (gates.length === 0) return none;
  return `${gates.filter(({ conditionType }) => hasCondition(pod, conditionType)).length}/${gates.length}`;
}
