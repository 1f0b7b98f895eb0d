import { isDeepStrictEqual } from 'node:util';
import { forbiddenField, invalidValue, required, type StatusCause, unsupportedValue } from './api-error.ts';
import { isRecord, type Json, record, records, setDefault, text } from './json.ts';
import { defaultPodSpec } from './pod-defaults.ts';
import { validatePodSpec } from './pod-validation.ts';
import type { StoredObject } from './store.ts';
import type { Strategy } from './strategy.ts';

/** One kind that makes Pods of a template: its defaults, and what else its spec must satisfy. */
interface Workload {
  readonly defaults: (spec: Json, object: StoredObject) => void;
  readonly restartPolicies: readonly string[];
  readonly validate?: (spec: Json, before: Json | undefined) => StatusCause[];
}

function workload({ defaults, restartPolicies, validate }: Workload): Strategy {
  const prepare = (object: StoredObject): void => {
    if (!isRecord(object.spec)) return;
    const template = record(record(object.spec).template);
    if (isRecord(template.spec)) defaultPodSpec(template.spec);
    defaults(object.spec, object);
  };
  return {
    countsGeneration: true,
    prepareCreate(object) {
      prepare(object);
      object.status = {};
    },
    prepareUpdate: prepare,
    validate(object, live) {
      if (!isRecord(object.spec)) return [required('spec')];
      const before = live && record(live.spec);
      return [
        ...validateSelector(object.spec, before),
        ...validateTemplate(object.spec, restartPolicies),
        ...(validate?.(object.spec, before) ?? []),
      ];
    },
  };
}

function validateSelector(spec: Json, before: Json | undefined): StatusCause[] {
  const selector = spec.selector;
  if (!isRecord(selector)) return [required('spec.selector')];
  if (before !== undefined && !isDeepStrictEqual(selector, before.selector)) {
    return [invalidValue('spec.selector', selector, 'field is immutable')];
  }
  if (Object.keys(selector).length === 0) {
    return [invalidValue('spec.selector', selector, 'empty selector is invalid for deployment')];
  }
  const labels = record(record(record(spec.template).metadata).labels);
  const missed = Object.entries(record(selector.matchLabels)).some(([key, value]) => labels[key] !== value);
  if (!missed) return [];
  return [
    invalidValue('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'),
  ];
}

function validateTemplate(spec: Json, restartPolicies: readonly string[]): StatusCause[] {
  const podSpec = record(spec.template).spec;
  const causes = validatePodSpec(podSpec, 'spec.template.spec');
  const policy = record(podSpec).restartPolicy;
  if (records(record(podSpec).ephemeralContainers).length > 0) {
    const field = 'spec.template.spec.ephemeralContainers';
    causes.push(forbiddenField(field, 'ephemeral containers not allowed in pod template'));
  }
  if (isRecord(podSpec) && !restartPolicies.includes(String(policy))) {
    causes.push(unsupportedValue('spec.template.spec.restartPolicy', policy, restartPolicies));
  }
  return causes;
}

const longRunning = ['Always'];

const deployment = workload({
  restartPolicies: longRunning,
  defaults(spec) {
    setDefault(spec, 'replicas', 1);
    setDefault(spec, 'strategy', {});
    const strategy = record(spec.strategy);
    setDefault(strategy, 'type', 'RollingUpdate');
    if (strategy.type === 'RollingUpdate') {
      setDefault(strategy, 'rollingUpdate', {});
      setDefault(record(strategy.rollingUpdate), 'maxUnavailable', '25%');
      setDefault(record(strategy.rollingUpdate), 'maxSurge', '25%');
    }
    setDefault(spec, 'revisionHistoryLimit', 10);
    setDefault(spec, 'progressDeadlineSeconds', 600);
  },
  validate(spec) {
    const { type, rollingUpdate } = record(spec.strategy);
    if (type === 'Recreate' && rollingUpdate !== undefined) {
      const why = "may not be specified when strategy `type` is 'Recreate'";
      return [forbiddenField('spec.strategy.rollingUpdate', why)];
    }
    return validateReplicas(spec);
  },
});

const replicaSet = workload({
  restartPolicies: longRunning,
  defaults: (spec) => setDefault(spec, 'replicas', 1),
  validate: validateReplicas,
});

const statefulSet = workload({
  restartPolicies: longRunning,
  defaults(spec) {
    setDefault(spec, 'replicas', 1);
    setDefault(spec, 'podManagementPolicy', 'OrderedReady');
    setDefault(spec, 'revisionHistoryLimit', 10);
    setDefault(spec, 'updateStrategy', { type: 'RollingUpdate' });
    const strategy = record(spec.updateStrategy);
    setDefault(strategy, 'type', 'RollingUpdate');
    if (strategy.type === 'RollingUpdate') {
      setDefault(strategy, 'rollingUpdate', {});
      setDefault(record(strategy.rollingUpdate), 'partition', 0);
    }
    setDefault(spec, 'persistentVolumeClaimRetentionPolicy', { whenDeleted: 'Retain', whenScaled: 'Retain' });
  },
  validate(spec, before) {
    const changed = Object.keys({ ...spec, ...before }).filter(
      (field) => before !== undefined && !isDeepStrictEqual(spec[field], before[field]),
    );
    const free = [
      'replicas',
      'ordinals',
      'template',
      'updateStrategy',
      'revisionHistoryLimit',
      'persistentVolumeClaimRetentionPolicy',
      'minReadySeconds',
    ];
    if (changed.every((field) => free.includes(field) || field === 'selector')) return validateReplicas(spec);
    const why =
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
    return [forbiddenField('spec', why)];
  },
});

const daemonSet = workload({
  restartPolicies: longRunning,
  defaults(spec) {
    setDefault(spec, 'updateStrategy', {});
    const strategy = record(spec.updateStrategy);
    setDefault(strategy, 'type', 'RollingUpdate');
    if (strategy.type === 'RollingUpdate') {
      setDefault(strategy, 'rollingUpdate', {});
      setDefault(record(strategy.rollingUpdate), 'maxUnavailable', 1);
      setDefault(record(strategy.rollingUpdate), 'maxSurge', 0);
    }
    setDefault(spec, 'revisionHistoryLimit', 10);
  },
});

function validateReplicas(spec: Json): StatusCause[] {
  if (Number.isInteger(spec.replicas) && Number(spec.replicas) >= 0) return [];
  return [invalidValue('spec.replicas', spec.replicas, 'must be greater than or equal to 0')];
}

function defaultJob(spec: Json): void {
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  setDefault(spec, 'parallelism', 1);
  setDefault(spec, 'backoffLimit', spec.backoffLimitPerIndex === undefined ? 6 : 2 ** 31 - 1);
  setDefault(spec, 'completionMode', 'NonIndexed');
  setDefault(spec, 'suspend', false);
  setDefault(spec, 'podReplacementPolicy', spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed');
}

const job = workload({
  restartPolicies: ['OnFailure', 'Never'],
  defaults(spec, object) {
    defaultJob(spec);
    setDefault(spec, 'manualSelector', false);
    if (spec.manualSelector === true) return;
    delete spec.manualSelector;
    // pkg/registry/batch/job generateSelector: the Job's Pods are told by its UID.
    const { uid, name } = object.metadata;
    setDefault(spec, 'selector', { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } });
    setDefault(spec, 'template', {});
    const template = record(spec.template);
    setDefault(template, 'metadata', {});
    const metadata = record(template.metadata);
    metadata.labels = {
      ...record(metadata.labels),
      'controller-uid': uid,
      'job-name': name,
      'batch.kubernetes.io/controller-uid': uid,
      'batch.kubernetes.io/job-name': name,
    };
  },
  validate(spec, before) {
    if (before === undefined || before.suspend === true || isDeepStrictEqual(spec.template, before.template))
      return [];
    return [invalidValue('spec.template', record(spec.template), 'field is immutable')];
  },
});

const cronJob: Strategy = {
  countsGeneration: true,
  prepareCreate(object) {
    defaultCronJob(object);
    object.status = {};
  },
  prepareUpdate: defaultCronJob,
  validate(object) {
    if (!isRecord(object.spec)) return [required('spec')];
    const { schedule, jobTemplate } = object.spec;
    const causes = validateTemplate(record(record(jobTemplate).spec), ['OnFailure', 'Never']).map(
      (cause) => ({
        ...cause,
        field: (cause.field ?? '').replace(/^spec\./, 'spec.jobTemplate.spec.'),
      }),
    );
    return text(schedule) === undefined ? [required('spec.schedule'), ...causes] : causes;
  },
};

function defaultCronJob(object: StoredObject): void {
  if (!isRecord(object.spec)) return;
  setDefault(object.spec, 'concurrencyPolicy', 'Allow');
  setDefault(object.spec, 'suspend', false);
  setDefault(object.spec, 'successfulJobsHistoryLimit', 3);
  setDefault(object.spec, 'failedJobsHistoryLimit', 1);
  const jobSpec = record(object.spec.jobTemplate).spec;
  const podSpec = record(record(jobSpec).template).spec;
  if (isRecord(podSpec)) defaultPodSpec(podSpec);
}

export const workloadStrategies: Readonly<Record<string, Strategy>> = {
  'deployments.apps': deployment,
  'replicasets.apps': replicaSet,
  'statefulsets.apps': statefulSet,
  'daemonsets.apps': daemonSet,
  'jobs.batch': job,
  'cronjobs.batch': cronJob,
};
