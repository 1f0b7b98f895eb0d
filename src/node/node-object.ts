import type { Capacity } from '../../providers/contract/index.ts';
import type { Node, NodeCondition, NodeStatus, Taint } from '../kube/types.ts';

/** Everything about a virtual node that stays the same while the process runs. */
export interface NodeIdentity {
  readonly name: string;
  /** Name of the provider; also the value of the provider taint. */
  readonly provider: string;
  /** InternalIP, at which the API server finds the node's HTTPS API. */
  readonly address: string;
  readonly kubeletPort: number;
  /** Without the taint, ordinary Pods are scheduled here too. */
  readonly taint: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly os: string;
  readonly arch: string;
  /** Shown as the kubelet's version, e.g. `v1.36.0-burstlet-0.1.0`. */
  readonly version: string;
}

/** Why the provider cannot be used now. */
export interface ProviderTrouble {
  readonly reason: string;
  readonly message: string;
}

const providerTaintKey = 'virtual-kubelet.io/provider';
export const troubleTaintKey = 'burstlet.dev/provider-unavailable';
const providerCondition = 'ProviderAvailable';

/**
 * What API servers from 1.36 on may take for granted (component-helpers/nodedeclaredfeatures), in alphabetical order; older
 * ones pass over it. WebSockets of clients come to the node API as they are, and are not made SPDY on the way.
 */
const declaredFeatures = ['ExtendWebSocketsToKubelet'];

/**
 * Labels by which the rest of a cluster knows not to treat this as a machine. The load balancer label keeps cloud
 * controllers from looking for a virtual machine behind the node.
 */
export function nodeLabels(identity: NodeIdentity): Record<string, string> {
  return {
    ...identity.labels,
    type: 'virtual-kubelet',
    'kubernetes.io/hostname': identity.name,
    'kubernetes.io/os': identity.os,
    'kubernetes.io/arch': identity.arch,
    'node.kubernetes.io/exclude-from-external-load-balancers': 'true',
    'node.kubernetes.io/instance-type': `burstlet-${identity.provider}`,
  };
}

function providerTaint(identity: NodeIdentity): Taint {
  return { key: providerTaintKey, value: identity.provider, effect: 'NoSchedule' };
}

/** Trouble keeps new Pods away; those that run are left alone, which NotReady would not do. */
export function wantedTaints(current: readonly Taint[], trouble: ProviderTrouble | undefined): Taint[] {
  const others = current.filter(({ key }) => key !== troubleTaintKey);
  return trouble === undefined ? others : [...others, { key: troubleTaintKey, effect: 'NoSchedule' }];
}

export function newNode(identity: NodeIdentity): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: identity.name, labels: nodeLabels(identity) },
    spec: identity.taint ? { taints: [providerTaint(identity)] } : {},
  };
}

/** The status as it should be; heartbeat times are set by {@link withTimes}. */
export function nodeStatus(
  identity: NodeIdentity,
  capacity: Capacity,
  trouble: ProviderTrouble | undefined,
): NodeStatus {
  const resources = resourceList(capacity);
  return {
    // API servers look under Hostname first, by default, and nothing resolves the name of a virtual node.
    addresses: [
      { type: 'InternalIP', address: identity.address },
      { type: 'Hostname', address: identity.address },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: identity.kubeletPort } },
    capacity: resources,
    allocatable: resources,
    conditions: nodeConditions(trouble),
    declaredFeatures,
    nodeInfo: {
      architecture: identity.arch,
      operatingSystem: identity.os,
      kubeletVersion: identity.version,
      containerRuntimeVersion: `burstlet-${identity.provider}://${identity.version.replace(/^v/, '')}`,
      osImage: 'Burstlet virtual node',
      kernelVersion: 'virtual',
      kubeProxyVersion: '',
      machineID: '',
      systemUUID: '',
      bootID: '',
    },
  };
}

function resourceList({ resources, instances }: Capacity): Record<string, string> {
  const list: Record<string, string> = {
    cpu: `${resources.cpuMillis ?? 0}m`,
    memory: String(resources.memoryBytes ?? 0),
    'ephemeral-storage': String(resources.ephemeralStorageBytes ?? 0),
    pods: String(instances),
  };
  for (const [name, count] of Object.entries(resources.extended ?? {})) list[name] = String(count);
  return list;
}

/**
 * The list as it goes into a strategic merge patch, which keeps what it does not name: null takes away what was in the
 * list before. (A kubelet sets such a resource to 0 and leaves it there.)
 */
export function inPlaceOf(
  before: Readonly<Record<string, string>> = {},
  list: Readonly<Record<string, string>> = {},
): Record<string, string | null> {
  return { ...Object.fromEntries(Object.keys(before).map((name) => [name, null])), ...list };
}

/** Ready stands for this process, which posts it; the provider has a condition of its own. */
function nodeConditions(trouble: ProviderTrouble | undefined): NodeCondition[] {
  const fine = (type: string, reason: string, message: string): NodeCondition => ({
    type,
    status: 'False',
    reason,
    message,
  });
  return [
    fine('MemoryPressure', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
    fine('DiskPressure', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
    fine('PIDPressure', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
    { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
    trouble === undefined
      ? {
          type: providerCondition,
          status: 'True',
          reason: 'ProviderAvailable',
          message: 'the provider answers',
        }
      : { type: providerCondition, status: 'False', reason: trouble.reason, message: trouble.message },
  ];
}

/** Heartbeats now; transitions only where the status changed. */
export function withTimes(
  conditions: readonly NodeCondition[],
  old: readonly NodeCondition[],
  now: string,
): NodeCondition[] {
  return conditions.map((condition) => {
    const before = old.find(({ type }) => type === condition.type);
    const same = before?.status === condition.status;
    return {
      ...condition,
      lastHeartbeatTime: now,
      lastTransitionTime: (same ? before.lastTransitionTime : undefined) ?? now,
    };
  });
}

/** Heartbeat times alone are no news (pkg/kubelet/kubelet_node_status.go, nodeStatusHasChanged). */
export function conditionsDiffer(current: NodeStatus | undefined, wanted: NodeStatus): boolean {
  return (wanted.conditions ?? []).some((condition) => {
    const before = current?.conditions?.find(({ type }) => type === condition.type);
    return (
      before?.status !== condition.status ||
      before.reason !== condition.reason ||
      before.message !== condition.message
    );
  });
}
