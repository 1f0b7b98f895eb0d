import { isDeepStrictEqual } from 'node:util';
import { forbidden, forbiddenField, invalidValue, required, type StatusCause } from './api-error.ts';
import { isRecord, record, setDefault } from './json.ts';
import { podStrategy } from './pod-strategy.ts';
import { serviceStrategy } from './service-strategy.ts';
import type { StoredObject } from './store.ts';
import type { Strategy } from './strategy.ts';
import { workloadStrategies } from './workload-strategies.ts';

const permanentNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

const namespaceStrategy: Strategy = {
  prepareCreate(namespace) {
    namespace.metadata.labels = {
      ...namespace.metadata.labels,
      'kubernetes.io/metadata.name': namespace.metadata.name,
    };
    namespace.spec = { finalizers: ['kubernetes'] };
    namespace.status = { phase: 'Active' };
  },
  /** Whoever empties a namespace that is being deleted may drop its finalizer; nobody else changes the spec. */
  prepareUpdate(namespace, live) {
    const finalized = record(namespace.spec).finalizers;
    const done = Array.isArray(finalized) && finalized.length === 0;
    if (!(done && live.metadata.deletionTimestamp !== undefined)) namespace.spec = { ...record(live.spec) };
  },
  prepareDelete(live) {
    if (permanentNamespaces.includes(live.metadata.name)) {
      throw forbidden('namespaces', live.metadata.name, 'this namespace may not be deleted');
    }
    return { status: { ...record(live.status), phase: 'Terminating' } };
  },
};

const nodeStrategy: Strategy = {
  keepsStatus: true,
  prepareCreate(node) {
    setDefault(node, 'spec', {});
    const status = record(node.status);
    if (status.capacity !== undefined) setDefault(status, 'allocatable', status.capacity);
  },
};

function frozenWhenAsked(fields: readonly string[]): NonNullable<Strategy['validate']> {
  return (object, live) => {
    if (live?.immutable !== true) return [];
    const causes: StatusCause[] = fields
      .filter((field) => !isDeepStrictEqual(object[field], live[field]))
      .map((field) => forbiddenField(field, 'field is immutable when `immutable` is set'));
    if (object.immutable !== true) {
      causes.push(forbiddenField('immutable', 'field is immutable when `immutable` is set'));
    }
    return causes;
  };
}

const secretDataFrozen = frozenWhenAsked(['data']);

const secretStrategy: Strategy = {
  prepareCreate: encodeStringData,
  prepareUpdate: encodeStringData,
  validate(secret, live) {
    const causes = secretDataFrozen(secret, live) ?? [];
    if (live !== undefined && secret.type !== live.type) {
      causes.push(invalidValue('type', secret.type, 'field is immutable'));
    }
    return causes;
  },
};

function encodeStringData(secret: StoredObject): void {
  setDefault(secret, 'type', 'Opaque');
  if (!isRecord(secret.stringData)) return;
  const encoded = Object.entries(secret.stringData).map(
    ([key, value]) => [key, Buffer.from(String(value)).toString('base64')] as const,
  );
  secret.data = { ...record(secret.data), ...Object.fromEntries(encoded) };
  delete secret.stringData;
}

const claimStrategy: Strategy = {
  prepareCreate(claim) {
    if (isRecord(claim.spec)) setDefault(claim.spec, 'volumeMode', 'Filesystem');
    claim.status = { phase: 'Pending' };
  },
};

const budgetStrategy: Strategy = {
  countsGeneration: true,
  prepareCreate(budget) {
    budget.status = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
  },
};

const priorityClassStrategy: Strategy = {
  prepareCreate: (priority) => setDefault(priority, 'preemptionPolicy', 'PreemptLowerPriority'),
  validate(priority, live) {
    if (typeof priority.value !== 'number') return [required('value')];
    const changed = live !== undefined && priority.value !== live.value;
    return changed ? [forbiddenField('value', 'may not be changed in an update.')] : [];
  },
};

const strategies: Readonly<Record<string, Strategy>> = {
  ...workloadStrategies,
  pods: podStrategy,
  services: serviceStrategy,
  namespaces: namespaceStrategy,
  nodes: nodeStrategy,
  secrets: secretStrategy,
  configmaps: { validate: frozenWhenAsked(['data', 'binaryData']) },
  persistentvolumeclaims: claimStrategy,
  'poddisruptionbudgets.policy': budgetStrategy,
  'priorityclasses.scheduling.k8s.io': priorityClassStrategy,
};

/** Kinds without rules of their own are stored as they come. */
export function strategyOf(resource: string): Strategy {
  return strategies[resource] ?? {};
}
