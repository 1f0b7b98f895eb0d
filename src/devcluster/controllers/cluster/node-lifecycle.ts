import { type Context, startController } from '../core/controller.ts';
import { kinds, type Node, type Pod } from '../core/kinds.ts';
import { keyOf, timestamp } from '../core/objects.ts';
import { event, statusWrite, type Write } from '../core/writes.ts';

/** Without a sign of life for this long a node counts as lost (node-monitor-grace-period). */
const graceMs = 50_000;
const leaseNamespace = 'kube-node-lease';
const heartbeatConditions = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

type NodeCondition = NonNullable<NonNullable<Node['status']>['conditions']>[number];
type Taint = NonNullable<Node['spec']['taints']>[number];

/** Taints that follow from the node's state, with the state that asks for each (node_lifecycle_controller.go). */
const taintRules: readonly {
  readonly key: string;
  readonly effect: string;
  readonly applies: (node: Node) => boolean;
}[] = [
  ...['NoSchedule', 'NoExecute'].flatMap((effect) => [
    {
      key: 'node.kubernetes.io/not-ready',
      effect,
      applies: (node: Node) => statusOf(node, 'Ready') === 'False',
    },
    {
      key: 'node.kubernetes.io/unreachable',
      effect,
      applies: (node: Node) => statusOf(node, 'Ready') === 'Unknown',
    },
  ]),
  ...['Memory', 'Disk', 'PID'].map((what) => ({
    key: `node.kubernetes.io/${what.toLowerCase()}-pressure`,
    effect: 'NoSchedule',
    applies: (node: Node) => statusOf(node, `${what}Pressure`) === 'True',
  })),
  {
    key: 'node.kubernetes.io/unschedulable',
    effect: 'NoSchedule',
    applies: (node) => node.spec.unschedulable === true,
  },
];

/** Notices nodes that went silent, and keeps the taints that tell the scheduler of a node's state. */
export function startNodeLifecycleController(context: Context): void {
  const { store, clock, pods, signal } = context;
  /** By node: the newest heartbeat, and when it was seen by this clock; the node's own clock is not trusted. */
  const seen = new Map<string, { readonly beat: string; readonly at: number }>();
  const queue = startController(context, {
    name: 'node-controller',
    kind: kinds.nodes,
    gone: (_namespace, name) => {
      seen.delete(name);
    },
    sync: (node, apply) => {
      const { name } = node.metadata;
      const lease = store.get(kinds.leases, leaseNamespace, name);
      const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
      const reported = ready?.status === 'Unknown' ? '' : (ready?.lastHeartbeatTime ?? '');
      const beat = `${lease?.spec.renewTime ?? ''} ${reported}`;
      const last = seen.get(name);
      const at = last?.beat === beat ? last.at : clock.now();
      seen.set(name, { beat, at });
      const leftMs = at + graceMs - clock.now();
      const silent = leftMs <= 0 ? silence(node, pods.onNode(name), clock.now()) : [];
      apply(silent);
      const current = store.get(kinds.nodes, undefined, name) ?? node;
      apply(tainting(current, clock.now()));
      return leftMs > 0 ? leftMs : undefined;
    },
  });
  store.subscribe(kinds.leases, signal, ({ object }) => {
    if (object.metadata.namespace === leaseNamespace)
      queue.add(keyOf({ metadata: { ...object.metadata, namespace: '' } }));
  });
}

function statusOf(node: Node, condition: string): string | undefined {
  return node.status?.conditions?.find(({ type }) => type === condition)?.status;
}

function silence(node: Node, pods: readonly Pod[], now: number): Write[] {
  if (statusOf(node, 'Ready') === 'Unknown') return [];
  const time = timestamp(now);
  const unknown = (type: string): NodeCondition => {
    const before = node.status?.conditions?.find((condition) => condition.type === type);
    return {
      ...before,
      type,
      status: 'Unknown',
      reason: before ? 'NodeStatusUnknown' : 'NodeStatusNeverUpdated',
      message: before ? 'Kubelet stopped posting node status.' : 'Kubelet never posted node status.',
      lastTransitionTime: time,
    };
  };
  const others = (node.status?.conditions ?? []).filter(({ type }) => !heartbeatConditions.includes(type));
  const conditions = [...others, ...heartbeatConditions.map(unknown)];
  const { name } = node.metadata;
  return [
    ...statusWrite(kinds.nodes, node, { ...node.status, conditions }),
    event(node, 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`),
    ...pods.flatMap((pod) => unready(pod, time)),
  ];
}

/** Nobody knows whether it still serves: it must not get traffic. */
function unready(pod: Pod, time: string): Write[] {
  const conditions = (pod.status?.conditions ?? []).map((condition) =>
    condition.type === 'Ready' && condition.status === 'True'
      ? { ...condition, status: 'False', lastTransitionTime: time }
      : condition,
  );
  const write = statusWrite(kinds.pods, pod, { ...pod.status, conditions });
  return write.length > 0 ? [...write, event(pod, 'Warning', 'NodeNotReady', 'Node is not ready')] : [];
}

function tainting(node: Node, now: number): Write[] {
  const taints: readonly Taint[] = node.spec.taints ?? [];
  const is = (taint: Taint) => (rule: { key: string; effect: string }) =>
    rule.key === taint.key && rule.effect === taint.effect;
  const kept = taints.filter((taint) => taintRules.find(is(taint))?.applies(node) !== false);
  const added = taintRules
    .filter((rule) => rule.applies(node) && !taints.some((taint) => is(taint)(rule)))
    .map(
      ({ key, effect }): Taint => ({
        key,
        effect,
        ...(effect === 'NoExecute' && { timeAdded: timestamp(now) }),
      }),
    );
  if (added.length === 0 && kept.length === taints.length) return [];
  const wanted: Node = { ...node, spec: { ...node.spec, taints: [...kept, ...added] } };
  return [{ op: 'update', kind: kinds.nodes, object: wanted }];
}
