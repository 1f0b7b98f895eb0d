import { type ApiError, forbidden, forbiddenField, type StatusCause } from './api-error.ts';
import { validateEphemeralContainers, validateEphemeralContainersUpdate } from './ephemeral-containers.ts';
import { isRecord, type Json, record, records, setDefault, text } from './json.ts';
import { suffix } from './name-suffix.ts';
import { containersOf, defaultEphemeralContainers, defaultPod } from './pod-defaults.ts';
import { validatePodSpec, validatePodSpecUpdate, validatePodStatus } from './pod-validation.ts';
import { qosClass } from './qos.ts';
import type { StoredObject } from './store.ts';
import type { Strategy, StrategyContext } from './strategy.ts';

/** Pods: defaults, the built-in admission plugins that every cluster has on, and graceful deletion. */
export const podStrategy: Strategy = {
  countsGeneration: true,
  prepareCreate(pod, context) {
    if (!isRecord(pod.spec)) return;
    defaultPod(pod.spec);
    addDefaultTolerations(pod.spec);
    setPriority(pod, pod.spec, context);
    addServiceAccount(pod, pod.spec, context);
    const gated = records(pod.spec.schedulingGates).length > 0;
    const waits = {
      type: 'PodScheduled',
      status: 'False',
      reason: 'SchedulingGated',
      message: 'Scheduling is blocked due to non-empty scheduling gates',
    };
    pod.status = {
      phase: 'Pending',
      qosClass: qosClass(pod.spec),
      ...(gated && { conditions: [waits] }),
    };
  },
  prepareUpdate(pod) {
    if (!isRecord(pod.spec)) return;
    defaultPod(pod.spec);
    addDefaultTolerations(pod.spec);
  },
  validate(pod, live) {
    const causes: StatusCause[] = validatePodSpec(pod.spec, 'spec');
    if (live !== undefined) return [...causes, ...validatePodSpecUpdate(pod, live)];
    const early = records(record(pod.spec).ephemeralContainers).length > 0;
    return early
      ? [...causes, forbiddenField('spec.ephemeralContainers', 'cannot be set on create')]
      : causes;
  },
  prepareEphemeralContainers(pod) {
    defaultEphemeralContainers(record(pod.spec));
  },
  validateEphemeralContainers(pod, live) {
    return [
      ...validatePodSpec(pod.spec, 'spec'),
      ...validateEphemeralContainers(record(pod.spec)),
      ...validateEphemeralContainersUpdate(pod, live),
    ];
  },
  prepareStatus(pod, live) {
    pod.metadata.ownerReferences = live.metadata.ownerReferences ?? [];
    if (pod.metadata.ownerReferences.length === 0) delete pod.metadata.ownerReferences;
    pod.status = { ...record(pod.status), qosClass: record(live.status).qosClass };
  },
  validateStatus: validatePodStatus,
  gracePeriod(live, request) {
    const { nodeName, terminationGracePeriodSeconds } = record(live.spec);
    const { phase } = record(live.status);
    if (text(nodeName) === undefined || phase === 'Failed' || phase === 'Succeeded') return 0;
    const grace = request.gracePeriodSeconds ?? Number(terminationGracePeriodSeconds ?? 30);
    return grace < 0 ? 1 : grace;
  },
};

/** Admission plugin DefaultTolerationSeconds: also of updates, or a manifest could not be applied twice. */
function addDefaultTolerations(spec: Json): void {
  const tolerations = records(spec.tolerations);
  for (const key of ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']) {
    const known = tolerations.some(
      (one) =>
        (one.key === key || text(one.key) === undefined) && (text(one.effect) ?? 'NoExecute') === 'NoExecute',
    );
    if (!known) tolerations.push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 });
  }
  spec.tolerations = tolerations;
}

/** Admission plugin Priority. */
function setPriority(pod: StoredObject, spec: Json, context: StrategyContext): void {
  const name = text(spec.priorityClassName);
  const found =
    name === undefined ? undefined : context.get('priorityclasses.scheduling.k8s.io', undefined, name);
  if (name !== undefined && found === undefined) {
    throw refuse(pod, `no PriorityClass with name ${name} was found`);
  }
  spec.priority = found?.value ?? 0;
  setDefault(spec, 'preemptionPolicy', found?.preemptionPolicy ?? 'PreemptLowerPriority');
}

const tokenPath = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Admission plugin ServiceAccount: the account must be there, and its token is mounted unless someone declines. */
function addServiceAccount(pod: StoredObject, spec: Json, context: StrategyContext): void {
  const { namespace } = pod.metadata;
  setDefault(spec, 'serviceAccountName', 'default');
  const name = String(spec.serviceAccountName);
  spec.serviceAccount = name;
  const account = context.get('serviceaccounts', namespace, name);
  // `default` follows its namespace by a moment; the real server waits for it here.
  if (account === undefined && name !== 'default') {
    throw refuse(
      pod,
      `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`,
    );
  }
  if ((spec.automountServiceAccountToken ?? account?.automountServiceAccountToken) === false) return;
  const needy = containersOf(spec).filter(
    (container) => !records(container.volumeMounts).some((mount) => mount.mountPath === tokenPath),
  );
  if (needy.length === 0) return;
  const volume = `kube-api-access-${suffix(context.random)}`;
  for (const container of needy) {
    const mount = { name: volume, readOnly: true, mountPath: tokenPath };
    container.volumeMounts = [...records(container.volumeMounts), mount];
  }
  spec.volumes = [...records(spec.volumes), tokenVolume(volume)];
}

function tokenVolume(name: string): Json {
  const sources = [
    { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    {
      downwardAPI: {
        items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
      },
    },
  ];
  return { name, projected: { sources, defaultMode: 0o644 } };
}

function refuse(pod: StoredObject, why: string): ApiError {
  return forbidden('pods', pod.metadata.name, why);
}
