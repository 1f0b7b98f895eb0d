import { type DaemonSet, kinds, type Node, type Pod } from '../core/kinds.ts';
import { isDeleting, omitEmpty, scaled } from '../core/objects.ts';
import { fitsNodeAffinity, toleratesTaints } from '../core/placement.ts';
import { availableInMs, isFinished, isReady, podFromTemplate } from '../core/pods.ts';
import { event, statusWrite, type Write } from '../core/writes.ts';
import { revisionHashLabel } from './revisions.ts';
import { sum } from './rollout.ts';

export interface DaemonSetState {
  readonly set: DaemonSet;
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  /** Of the present template. */
  readonly hash: string;
  readonly now: number;
  /** Milliseconds that a Failed Pod of this node still stays. */
  readonly recreationWaitMs: (node: string) => number;
}

interface Place {
  readonly node: Node;
  readonly pods: readonly Pod[];
  /** The Pod that serves this node, if there is one. */
  readonly pod: Pod | undefined;
  readonly shouldRun: boolean;
}

/** What a daemon shrugs off so that it runs on every node (daemon/util AddOrUpdateDaemonPodTolerations). */
const tolerations = [
  ...['not-ready', 'unreachable'].map((taint) => [taint, 'NoExecute'] as const),
  ...['disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'].map(
    (taint) => [taint, 'NoSchedule'] as const,
  ),
].map(([taint, effect]) => ({ key: `node.kubernetes.io/${taint}`, operator: 'Exists', effect }));
const hostNetworkToleration = {
  key: 'node.kubernetes.io/network-unavailable',
  operator: 'Exists',
  effect: 'NoSchedule',
};

export function planDaemonSet(state: DaemonSetState): {
  readonly writes: readonly Write[];
  readonly waits: readonly number[];
  /** Nodes whose Failed Pod is deleted now. */
  readonly failedOn: readonly string[];
} {
  const { set, nodes, pods, now } = state;
  const places = nodes.map((node) => placeOf(state, node));
  const status = statusWrite(kinds.daemonSets, set, daemonSetStatus(state, places));
  const waits = pods.map((pod) => availableInMs(pod, set.spec.minReadySeconds ?? 0, now));
  if (isDeleting(set)) return { writes: status, waits, failedOn: [] };
  const writes: Write[] = [];
  const failedOn: string[] = [];
  for (const { node, pods: here, pod, shouldRun } of places) {
    const finished = here.filter((candidate) => isFinished(candidate) && !isDeleting(candidate));
    const waitMs = finished.some(isFailed) ? state.recreationWaitMs(node.metadata.name) : 0;
    if (waitMs > 0) waits.push(waitMs);
    if (finished.some(isFailed) && waitMs === 0) failedOn.push(node.metadata.name);
    for (const dead of finished)
      if (waitMs === 0 || !isFailed(dead)) writes.push(...replacement(set, node, dead));
    const surplus = here.filter(
      (candidate) => !isFinished(candidate) && !isDeleting(candidate) && candidate !== pod,
    );
    const unwanted = pod !== undefined && !shouldContinue(state, node) ? [pod] : [];
    writes.push(...[...surplus, ...unwanted].map((object) => deletion(set, object)));
    if (here.length === 0 && shouldRun) {
      writes.push({ op: 'create', kind: kinds.pods, object: daemonPod(state, node), announce: set });
    }
  }
  const strays = pods.filter(
    (pod) => !isDeleting(pod) && !nodes.some(({ metadata }) => metadata.name === targetNode(pod)),
  );
  writes.push(...strays.map((object) => deletion(set, object)), ...outdated(state, places));
  return { writes: [...writes, ...status], waits, failedOn };
}

function placeOf(state: DaemonSetState, node: Node): Place {
  const pods = state.pods.filter((pod) => targetNode(pod) === node.metadata.name);
  const serving = pods
    .filter((pod) => !isFinished(pod) && !isDeleting(pod))
    .sort((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp));
  const shouldRun = fits(state.set, node) && tolerates(state.set, node, ['NoSchedule', 'NoExecute']);
  return { node, pods, pod: serving[0], shouldRun };
}

function shouldContinue({ set }: DaemonSetState, node: Node): boolean {
  return fits(set, node) && tolerates(set, node, ['NoExecute']);
}

function fits(set: DaemonSet, node: Node): boolean {
  const spec = set.spec.template.spec ?? { containers: [] };
  return (spec.nodeName ?? node.metadata.name) === node.metadata.name && fitsNodeAffinity(spec, node);
}

function tolerates(set: DaemonSet, node: Node, effects: readonly string[]): boolean {
  return toleratesTaints(withTolerations(set), node.spec.taints ?? [], effects);
}

function withTolerations(set: DaemonSet) {
  const spec = set.spec.template.spec ?? { containers: [] };
  const added = spec.hostNetwork === true ? [...tolerations, hostNetworkToleration] : tolerations;
  return { ...spec, tolerations: [...(spec.tolerations ?? []), ...added] };
}

/** The Pod for one node: pinned to it by a node affinity on its name, then bound by the scheduler like any other. */
function daemonPod({ set, hash }: DaemonSetState, node: Node) {
  const pod = podFromTemplate(set.spec.template, set, { labels: { [revisionHashLabel]: hash } });
  const spec = withTolerations(set);
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [node.metadata.name] }];
  const pinned = { nodeSelectorTerms: [{ matchFields }] };
  const nodeAffinity = {
    ...spec.affinity?.nodeAffinity,
    requiredDuringSchedulingIgnoredDuringExecution: pinned,
  };
  const affinity = { ...spec.affinity, nodeAffinity };
  return { ...pod, spec: { ...spec, affinity } };
}

function targetNode(pod: Pod): string | undefined {
  if (pod.spec.nodeName) return pod.spec.nodeName;
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const fields = required?.nodeSelectorTerms.flatMap(({ matchFields = [] }) => matchFields);
  return fields?.find(({ key }) => key === 'metadata.name')?.values?.[0];
}

function isFailed(pod: Pod): boolean {
  return pod.status?.phase === 'Failed';
}

function deletion(set: DaemonSet, object: Pod): Write {
  return { op: 'delete', kind: kinds.pods, object, announce: set };
}

function replacement(set: DaemonSet, node: Node, pod: Pod): Write[] {
  const name = `${pod.metadata.namespace}/${pod.metadata.name}`;
  const said = isFailed(pod)
    ? event(
        set,
        'Warning',
        'FailedDaemonPod',
        `Found failed daemon pod ${name} on node ${node.metadata.name}, will try to kill it`,
      )
    : event(
        set,
        'Normal',
        'SucceededDaemonPod',
        `Found succeeded daemon pod ${name} on node ${node.metadata.name}, will try to delete it`,
      );
  return [said, deletion(set, pod)];
}

function isUpdated(pod: Pod, hash: string): boolean {
  return pod.metadata.labels?.[revisionHashLabel] === hash;
}

/** Old Pods to delete now: those that do not serve at once, serving ones as far as maxUnavailable allows. */
function outdated(state: DaemonSetState, places: readonly Place[]): Write[] {
  const { set, hash, now } = state;
  if (set.spec.updateStrategy?.type === 'OnDelete') return [];
  const wanted = places.filter(({ shouldRun }) => shouldRun);
  const isServing = ({ pod }: Place): boolean =>
    pod !== undefined && availableInMs(pod, set.spec.minReadySeconds ?? 0, now) === 0;
  const limit = set.spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1;
  const room = scaled(limit, wanted.length, 'up') - wanted.filter((place) => !isServing(place)).length;
  const old = wanted.filter(({ pod }) => pod !== undefined && !isUpdated(pod, hash));
  const chosen = [
    ...old.filter((place) => !isServing(place)),
    ...old.filter(isServing).slice(0, Math.max(0, room)),
  ];
  return chosen.flatMap(({ pod }) => (pod === undefined ? [] : [deletion(set, pod)]));
}

type DaemonSetStatus = NonNullable<DaemonSet['status']>;

function daemonSetStatus({ set, hash, now }: DaemonSetState, places: readonly Place[]): DaemonSetStatus {
  const wanted = places.filter(({ shouldRun }) => shouldRun);
  const count = (test: (pod: Pod) => boolean): number => sum(wanted, ({ pod }) => (pod && test(pod) ? 1 : 0));
  const available = count((pod) => availableInMs(pod, set.spec.minReadySeconds ?? 0, now) === 0);
  return {
    ...omitEmpty<Partial<DaemonSetStatus>>({
      observedGeneration: set.metadata.generation,
      updatedNumberScheduled: count((pod) => isUpdated(pod, hash)),
      numberAvailable: available,
      numberUnavailable: wanted.length - available,
    }),
    currentNumberScheduled: wanted.filter(({ pods }) => pods.length > 0).length,
    desiredNumberScheduled: wanted.length,
    numberMisscheduled: places.filter(({ shouldRun, pods }) => !shouldRun && pods.length > 0).length,
    numberReady: count(isReady),
  };
}
