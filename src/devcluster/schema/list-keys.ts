/**
 * How the fields of the built-in types are merged: which lists are maps (and by what key), which are sets, which
 * structs and maps are owned as a whole. One table for server-side apply (`keys`), strategic merge (`patchKey`,
 * `patchStrategy`) and the OpenAPI extensions. The facts are those of the markers in k8s.io/api (`+listType`,
 * `+listMapKey`, `+structType`, `+mapType`, `patchStrategy`, `patchMergeKey`).
 * What the table does not name is a granular object, an atomic list or a scalar. The table has entries only where
 * something else than that holds, or on the way to it.
 */
export interface FieldRule {
  /** The type of the struct, or of the list's items. */
  readonly type?: string;
  /** Server-side apply: absent = an atomic list. */
  readonly list?: 'map' | 'set';
  /** The identifying fields of a map list's items. */
  readonly keys?: readonly string[];
  /** Owned as a whole, though it is an object. */
  readonly atomic?: true;
  /** Strategic merge: absent = the list is replaced. */
  readonly patchKey?: string;
  readonly patchStrategy?: 'merge' | 'retainKeys' | 'merge,retainKeys' | 'replace';
}

export type TypeRules = Readonly<Record<string, FieldRule>>;

/** A list that is a map by `keys`; strategic merge uses the first of them. */
function by(keys: string | readonly string[], type?: string): FieldRule {
  const all = typeof keys === 'string' ? [keys] : keys;
  const patchKey = all[0];
  return {
    list: 'map',
    keys: all,
    patchStrategy: 'merge',
    ...(patchKey === undefined ? {} : { patchKey }),
    ...(type === undefined ? {} : { type }),
  };
}

function struct(type: string): FieldRule {
  return { type };
}

/** For strategic merge a map by `patchKey`, for server-side apply one value. */
function patchedBy(patchKey: string, type?: string): FieldRule {
  return { patchKey, patchStrategy: 'merge', ...(type === undefined ? {} : { type }) };
}

const set: FieldRule = { list: 'set' };
const mergedSet: FieldRule = { list: 'set', patchStrategy: 'merge' };
const atomic: FieldRule = { atomic: true };
const granular: FieldRule = {};

const container: TypeRules = {
  env: by('name', 'EnvVar'),
  ports: by(['containerPort', 'protocol'], 'ContainerPort'),
  resources: struct('ResourceRequirements'),
  volumeDevices: by('devicePath'),
  volumeMounts: by('mountPath'),
};

const conditions: TypeRules = { conditions: by('type') };
const templated: TypeRules = { selector: struct('LabelSelector'), template: struct('PodTemplateSpec') };

/** Structs that have one owner, wherever they stand. */
const atomicTypes: ReadonlySet<string> = new Set([
  'ConfigMapKeySelector',
  'CrossVersionObjectReference',
  'FileKeySelector',
  'LabelSelector',
  'LocalObjectReference',
  'NodeSelector',
  'NodeSelectorTerm',
  'ObjectFieldSelector',
  'ObjectReference',
  'ResourceFieldSelector',
  'RoleRef',
  'ScopeSelector',
  'SecretKeySelector',
  'SecretReference',
  'Subject',
  'TopologySelectorTerm',
  'TypedLocalObjectReference',
]);

/** By type name without its version, e.g. `PodSpec`. Kinds are types too. */
export const typeRules: Readonly<Record<string, TypeRules>> = {
  ObjectMeta: { finalizers: mergedSet, ownerReferences: by('uid') },

  Pod: { spec: struct('PodSpec'), status: struct('PodStatus') },
  PodTemplate: { template: struct('PodTemplateSpec') },
  PodTemplateSpec: { spec: struct('PodSpec') },
  PodSpec: {
    affinity: struct('Affinity'),
    containers: by('name', 'Container'),
    ephemeralContainers: by('name', 'EphemeralContainer'),
    hostAliases: by('ip'),
    imagePullSecrets: by('name', 'LocalObjectReference'),
    initContainers: by('name', 'Container'),
    nodeSelector: atomic,
    resourceClaims: { ...by('name'), patchStrategy: 'merge,retainKeys' },
    schedulingGates: by('name'),
    topologySpreadConstraints: by(['topologyKey', 'whenUnsatisfiable'], 'TopologySpreadConstraint'),
    volumes: { ...by('name', 'Volume'), patchStrategy: 'merge,retainKeys' },
  },
  Affinity: { nodeAffinity: struct('NodeAffinity') },
  NodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: struct('NodeSelector') },
  TopologySpreadConstraint: { labelSelector: struct('LabelSelector') },
  Container: container,
  EphemeralContainer: container,
  EnvVar: { valueFrom: struct('EnvVarSource') },
  EnvVarSource: {
    configMapKeyRef: struct('ConfigMapKeySelector'),
    fieldRef: struct('ObjectFieldSelector'),
    fileKeyRef: struct('FileKeySelector'),
    resourceFieldRef: struct('ResourceFieldSelector'),
    secretKeyRef: struct('SecretKeySelector'),
  },
  // No merge key: strategic merge replaces the list.
  ResourceRequirements: { claims: { list: 'map', keys: ['name'] } },
  Volume: {
    cephfs: struct('CephFSVolumeSource'),
    csi: struct('CSIVolumeSource'),
    ephemeral: struct('EphemeralVolumeSource'),
  },
  CephFSVolumeSource: { secretRef: struct('LocalObjectReference') },
  CSIVolumeSource: { nodePublishSecretRef: struct('LocalObjectReference') },
  EphemeralVolumeSource: { volumeClaimTemplate: struct('PersistentVolumeClaimTemplate') },
  PersistentVolumeClaimTemplate: { spec: struct('PersistentVolumeClaimSpec') },
  PodStatus: {
    ...conditions,
    hostIPs: patchedBy('ip'),
    podIPs: by('ip'),
    resourceClaimStatuses: { ...by('name'), patchStrategy: 'merge,retainKeys' },
  },

  Node: { spec: struct('NodeSpec'), status: struct('NodeStatus') },
  NodeSpec: { podCIDRs: mergedSet },
  NodeStatus: { ...conditions, addresses: by('type') },
  Namespace: { status: struct('NamespaceStatus') },
  NamespaceStatus: conditions,
  Binding: { target: struct('ObjectReference') },
  Event: { involvedObject: struct('ObjectReference'), related: struct('ObjectReference') },

  Service: { spec: struct('ServiceSpec'), status: struct('ServiceStatus') },
  ServiceSpec: { ports: by(['port', 'protocol'], 'ServicePort'), selector: atomic },
  ServiceStatus: conditions,
  ServiceAccount: { secrets: by('name', 'ObjectReference') },
  PersistentVolume: { spec: struct('PersistentVolumeSpec') },
  PersistentVolumeSpec: { nodeAffinity: struct('VolumeNodeAffinity'), claimRef: granular },
  VolumeNodeAffinity: { required: struct('NodeSelector') },
  PersistentVolumeClaim: {
    spec: struct('PersistentVolumeClaimSpec'),
    status: struct('PersistentVolumeClaimStatus'),
  },
  PersistentVolumeClaimSpec: {
    dataSource: struct('TypedLocalObjectReference'),
    selector: struct('LabelSelector'),
  },
  PersistentVolumeClaimStatus: conditions,
  ReplicationController: {
    spec: struct('ReplicationControllerSpec'),
    status: struct('ReplicationControllerStatus'),
  },
  ReplicationControllerSpec: { selector: atomic, template: struct('PodTemplateSpec') },
  ReplicationControllerStatus: conditions,
  ResourceQuota: { spec: struct('ResourceQuotaSpec') },
  ResourceQuotaSpec: { scopeSelector: struct('ScopeSelector') },

  Deployment: { spec: struct('DeploymentSpec'), status: struct('DeploymentStatus') },
  DeploymentSpec: { ...templated, strategy: { patchStrategy: 'retainKeys' } },
  DeploymentStatus: conditions,
  ReplicaSet: { spec: struct('ReplicaSetSpec'), status: struct('ReplicaSetStatus') },
  ReplicaSetSpec: templated,
  ReplicaSetStatus: conditions,
  StatefulSet: { spec: struct('StatefulSetSpec'), status: struct('StatefulSetStatus') },
  StatefulSetSpec: templated,
  StatefulSetStatus: conditions,
  DaemonSet: { spec: struct('DaemonSetSpec'), status: struct('DaemonSetStatus') },
  DaemonSetSpec: templated,
  DaemonSetStatus: conditions,

  Job: { spec: struct('JobSpec'), status: struct('JobStatus') },
  JobSpec: templated,
  JobStatus: {
    conditions: patchedBy('type'),
    uncountedTerminatedPods: struct('UncountedTerminatedPods'),
  },
  UncountedTerminatedPods: { failed: set, succeeded: set },
  CronJob: { spec: struct('CronJobSpec') },
  CronJobSpec: { jobTemplate: struct('JobTemplateSpec') },
  JobTemplateSpec: { spec: struct('JobSpec') },

  HorizontalPodAutoscaler: {
    spec: struct('HorizontalPodAutoscalerSpec'),
    status: struct('HorizontalPodAutoscalerStatus'),
  },
  HorizontalPodAutoscalerSpec: { scaleTargetRef: struct('CrossVersionObjectReference') },
  HorizontalPodAutoscalerStatus: conditions,
  PodDisruptionBudget: {
    spec: struct('PodDisruptionBudgetSpec'),
    status: struct('PodDisruptionBudgetStatus'),
  },
  PodDisruptionBudgetSpec: { selector: { type: 'LabelSelector', patchStrategy: 'replace' } },
  PodDisruptionBudgetStatus: conditions,
  NetworkPolicy: { spec: struct('NetworkPolicySpec') },
  NetworkPolicySpec: { podSelector: struct('LabelSelector') },
  RoleBinding: { roleRef: struct('RoleRef') },
  ClusterRoleBinding: { roleRef: struct('RoleRef') },
};

/** Key fields that may be left out, with what they mean then. */
export const keyDefaults: Readonly<Record<string, string>> = { protocol: 'TCP' };

const metadata: FieldRule = { type: 'ObjectMeta' };

/** The rule of a field of a struct; `type` is undefined where nothing is known (custom resources, map values). */
export function fieldRule(type: string | undefined, field: string): FieldRule {
  if (type === undefined) return granular;
  if (field === 'metadata') return metadata;
  const rule = typeRules[type]?.[field] ?? granular;
  return rule.type !== undefined && atomicTypes.has(rule.type) && rule.list === undefined
    ? { ...rule, atomic: true }
    : rule;
}

/** The rule of one item of a map list. */
export function itemRule(list: FieldRule): FieldRule {
  if (list.type === undefined) return granular;
  return atomicTypes.has(list.type) ? { type: list.type, atomic: true } : { type: list.type };
}

/** The rule of a whole object; kinds of groups that are not Kubernetes' own have only `metadata` in common. */
export function objectRule(apiVersion: string, kind: string): FieldRule {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  return { type: isBuiltInGroup(group) ? kind : 'CustomResource' };
}

export function isBuiltInGroup(group: string): boolean {
  return !group.includes('.') || group.endsWith('.k8s.io');
}

export function isAtomicType(type: string): boolean {
  return atomicTypes.has(type);
}
