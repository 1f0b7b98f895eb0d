import { type Job, kinds, type Pod } from '../core/kinds.ts';
import { isDeleting, omitEmpty, timestamp, withCondition, withoutFinalizer } from '../core/objects.ts';
import { inDeletionOrder, isActive, isFinished, isReady, podFromTemplate } from '../core/pods.ts';
import { event, statusWrite, type Write } from '../core/writes.ts';
import {
  type Account,
  account,
  indexAnnotation,
  indexOf,
  isIndexed,
  isTracked,
  replacesOnlyFinished,
  trackingFinalizer,
} from './job-account.ts';

type JobStatus = NonNullable<Job['status']>;
type JobCondition = NonNullable<JobStatus['conditions']>[number];

/** How a Job ends, known before its last Pods are gone. */
export interface Outcome {
  readonly isSuccess: boolean;
  readonly reason: string;
  readonly message: string;
}

function conditionOf(job: Job, type: string): JobCondition | undefined {
  return job.status?.conditions?.find((condition) => condition.type === type && condition.status === 'True');
}

/** The terminal condition. */
export function finishedCondition(job: Job): JobCondition | undefined {
  return conditionOf(job, 'Complete') ?? conditionOf(job, 'Failed');
}

export function outcome(job: Job, pods: readonly Pod[], counted: Account, now: number): Outcome | undefined {
  const decided = conditionOf(job, 'FailureTarget') ?? conditionOf(job, 'SuccessCriteriaMet');
  const say = (isSuccess: boolean, reason: string, message: string): Outcome => ({
    isSuccess,
    reason,
    message,
  });
  if (decided !== undefined)
    return say(decided.type === 'SuccessCriteriaMet', decided.reason ?? '', decided.message ?? '');
  if (counted.policyFailure !== undefined) return say(false, 'PodFailurePolicy', counted.policyFailure);
  if (counted.failed > backoffLimit(job) || restartsExceeded(job, pods))
    return say(false, 'BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  const deadline = deadlineInMs(job, now);
  if (deadline !== undefined && deadline <= 0)
    return say(false, 'DeadlineExceeded', 'Job was active longer than specified deadline');
  const { completions } = job.spec;
  const isDone =
    completions === undefined
      ? counted.succeeded > 0 && !pods.some((pod) => !isFinished(pod))
      : counted.succeeded >= completions;
  return isDone ? say(true, 'CompletionsReached', 'Reached expected number of succeeded pods') : undefined;
}

function backoffLimit(job: Job): number {
  return job.spec.backoffLimit ?? 6;
}

/** With restartPolicy OnFailure a failure is a restart, not a Failed Pod. */
function restartsExceeded(job: Job, pods: readonly Pod[]): boolean {
  if (job.spec.template.spec?.restartPolicy !== 'OnFailure') return false;
  const restarts = pods
    .filter((pod) => !isFinished(pod))
    .flatMap(({ status }) => [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])])
    .reduce((total, { restartCount }) => total + restartCount, 0);
  return backoffLimit(job) === 0 ? restarts > 0 : restarts >= backoffLimit(job);
}

/** Milliseconds to activeDeadlineSeconds; undefined without one or while nothing counts toward it. */
export function deadlineInMs(job: Job, now: number): number | undefined {
  const { activeDeadlineSeconds, suspend } = job.spec;
  const { startTime } = job.status ?? {};
  if (activeDeadlineSeconds === undefined || startTime === undefined || suspend) return undefined;
  return Date.parse(startTime) + activeDeadlineSeconds * 1000 - now;
}

/** Milliseconds for which no Pod is created after failures: 10 s doubling to 10 min, from the last failure (job/backoff_utils.go). */
export function retryInMs(pods: readonly Pod[], now: number): number {
  const endOf = (pod: Pod): number => {
    const ends = (pod.status?.containerStatuses ?? []).map(({ state }) =>
      Date.parse(state?.terminated?.finishedAt ?? ''),
    );
    const known = ends.filter((end) => !Number.isNaN(end));
    return known.length > 0 ? Math.max(...known) : Date.parse(pod.metadata.creationTimestamp);
  };
  const ended = (phase: string): number[] => pods.filter(({ status }) => status?.phase === phase).map(endOf);
  const lastSuccess = Math.max(0, ...ended('Succeeded'));
  const failures = ended('Failed').filter((end) => end >= lastSuccess);
  if (failures.length === 0) return 0;
  return Math.max(...failures) + Math.min(600_000, 10_000 * 2 ** Math.min(failures.length - 1, 10)) - now;
}

/** Pods to create and to delete. `retryMs`: creation waits that long. */
export function planPods(
  job: Job,
  pods: readonly Pod[],
  counted: Account,
  end: Outcome | undefined,
  retryMs: number,
): Write[] {
  const active = pods.filter(isActive);
  if (end !== undefined) return active.map((object) => deletion(job, object));
  if (isDeleting(job)) return [];
  const surplus = job.spec.suspend ? active.length : active.length - wantedActive(job, active, counted);
  // Not a failure: the finalizer goes first so that these Pods are not counted.
  if (surplus > 0)
    return inDeletionOrder(active)
      .slice(0, surplus)
      .flatMap((object): Write[] => [
        { op: 'update', kind: kinds.pods, object: withoutFinalizer(object, trackingFinalizer) },
        deletion(job, object),
      ]);
  if (job.spec.suspend || retryMs > 0) return [];
  const stillThere = replacesOnlyFinished(job)
    ? pods.filter((pod) => isDeleting(pod) && !isFinished(pod)).length
    : 0;
  const missing = Math.max(0, -surplus - stillThere);
  const indexes = isIndexed(job)
    ? freeIndexes(job, active, counted, missing)
    : Array.from({ length: missing }, () => undefined);
  return indexes.map((index) => ({
    op: 'create',
    kind: kinds.pods,
    object: jobPod(job, index),
    announce: job,
  }));
}

function wantedActive(job: Job, active: readonly Pod[], { succeeded }: Account): number {
  const { completions, parallelism = 1 } = job.spec;
  if (completions !== undefined) return Math.min(parallelism, completions - succeeded);
  return succeeded > 0 ? Math.min(active.length, parallelism) : parallelism;
}

function freeIndexes(job: Job, active: readonly Pod[], { completed }: Account, count: number): number[] {
  const taken = new Set(active.map(indexOf));
  const free: number[] = [];
  for (let index = 0; index < (job.spec.completions ?? 0) && free.length < count; index++)
    if (!taken.has(index) && !completed.has(index)) free.push(index);
  return free;
}

function deletion(job: Job, object: Pod): Write {
  return { op: 'delete', kind: kinds.pods, object, announce: job };
}

export function jobPod(job: Job, index: number | undefined) {
  const { name, uid } = job.metadata;
  const identity = index === undefined ? {} : { [indexAnnotation]: String(index) };
  const labels = {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
    ...identity,
  };
  const finalizers = [trackingFinalizer];
  if (index === undefined) return podFromTemplate(job.spec.template, job, { labels, finalizers });
  const generateName = `${name}-${index}-`;
  const pod = podFromTemplate(job.spec.template, job, {
    generateName,
    labels,
    annotations: identity,
    finalizers,
  });
  const variable = {
    name: 'JOB_COMPLETION_INDEX',
    valueFrom: { fieldRef: { fieldPath: `metadata.annotations['${indexAnnotation}']` } },
  };
  const withIndex = <C extends { env?: { name: string }[] }>(container: C): C =>
    container.env?.some((one) => one.name === variable.name)
      ? container
      : { ...container, env: [...(container.env ?? []), variable] };
  const { initContainers } = pod.spec;
  return {
    ...pod,
    spec: {
      ...pod.spec,
      hostname: `${name}-${index}`,
      containers: pod.spec.containers.map(withIndex),
      ...(initContainers && { initContainers: initContainers.map(withIndex) }),
    },
  };
}

/** The status, then the release of the Pods that it accounts for, in this order. */
export function planStatus(job: Job, pods: readonly Pod[], now: number): Write[] {
  const counted = account(job, pods);
  const end = outcome(job, pods, counted, now);
  const active = pods.filter(isActive);
  const terminating = pods.filter((pod) => isDeleting(pod) && !isFinished(pod)).length;
  const isOver = end !== undefined && active.length === 0 && terminating === 0 && counted.isSettled;
  const time = timestamp(now);
  const put = (to: readonly JobCondition[], type: string, status: string, reason: string, message: string) =>
    withCondition<JobCondition>(to, {
      type,
      status,
      reason,
      message,
      lastProbeTime: time,
      lastTransitionTime: time,
    });
  const events: Write[] = [];
  let conditions: readonly JobCondition[] = job.status?.conditions ?? [];
  let startTime = job.status?.startTime ?? (job.spec.suspend ? undefined : time);
  const suspended = conditionOf(job, 'Suspended');
  if (end !== undefined && !conditionOf(job, interimType(end)))
    conditions = put(conditions, interimType(end), 'True', end.reason, end.message);
  if (end !== undefined && isOver) {
    conditions = put(conditions, end.isSuccess ? 'Complete' : 'Failed', 'True', end.reason, end.message);
    events.push(
      end.isSuccess
        ? event(job, 'Normal', 'Completed', 'Job completed')
        : event(job, 'Warning', end.reason, end.message),
    );
  } else if (end === undefined && job.spec.suspend && !suspended) {
    conditions = put(conditions, 'Suspended', 'True', 'JobSuspended', 'Job suspended');
    events.push(event(job, 'Normal', 'Suspended', 'Job suspended'));
    startTime = undefined;
  } else if (end === undefined && !job.spec.suspend && suspended) {
    conditions = put(conditions, 'Suspended', 'False', 'JobResumed', 'Job resumed');
    events.push(event(job, 'Normal', 'Resumed', 'Job resumed'));
    startTime = time;
  }
  const status = {
    ...omitEmpty<JobStatus>({
      active: active.length,
      succeeded: counted.counters.succeeded,
      failed: counted.counters.failed,
      completedIndexes: counted.counters.completedIndexes,
      startTime,
      completionTime: isOver && end.isSuccess ? time : undefined,
      conditions: [...conditions],
    }),
    ready: active.filter(isReady).length,
    terminating,
    uncountedTerminatedPods: counted.counters.uncountedTerminatedPods ?? {},
  };
  return [...statusWrite(kinds.jobs, job, status), ...events, ...release(counted.releasable)];
}

function interimType({ isSuccess }: Outcome): string {
  return isSuccess ? 'SuccessCriteriaMet' : 'FailureTarget';
}

/** Takes the finalizer from Pods that still have it. */
export function release(pods: readonly Pod[]): Write[] {
  return pods
    .filter(isTracked)
    .map((pod) => ({ op: 'update', kind: kinds.pods, object: withoutFinalizer(pod, trackingFinalizer) }));
}
