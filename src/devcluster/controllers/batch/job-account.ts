import type { Job, Pod } from '../core/kinds.ts';
import { isDeleting } from '../core/objects.ts';
import { isFinished } from '../core/pods.ts';
import { formatIndexes, parseIndexes } from './index-set.ts';
import { matchFailurePolicy } from './job-failure-policy.ts';

export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';
export const indexAnnotation = 'batch.kubernetes.io/job-completion-index';

export function isTracked(pod: Pod): boolean {
  return pod.metadata.finalizers?.includes(trackingFinalizer) === true;
}

export function isIndexed(job: Job): boolean {
  return job.spec.completionMode === 'Indexed';
}

export function indexOf(pod: Pod): number | undefined {
  const text = pod.metadata.annotations?.[indexAnnotation] ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** The Job replaces a Pod only when it is finished, not when it starts to terminate. */
export function replacesOnlyFinished(job: Job): boolean {
  return job.spec.podReplacementPolicy === 'Failed' || job.spec.podFailurePolicy !== undefined;
}

type JobStatus = NonNullable<Job['status']>;

export interface Account {
  /** Including those not yet moved into the status counters. */
  readonly succeeded: number;
  readonly failed: number;
  readonly completed: ReadonlySet<number>;
  /** For the status. */
  readonly counters: Pick<JobStatus, 'succeeded' | 'failed' | 'completedIndexes' | 'uncountedTerminatedPods'>;
  /** Nothing is left to be moved into the counters. */
  readonly isSettled: boolean;
  /** Pods that are accounted for: their finalizer may go once the status is written. */
  readonly releasable: readonly Pod[];
  /** A FailJob rule matched. */
  readonly policyFailure: string | undefined;
}

/**
 * Counts finished Pods, each exactly once: a tracked Pod's uid first goes into status.uncountedTerminatedPods, then
 * its finalizer goes, and only a uid whose finalizer is seen gone moves into the counters. A sync that stops anywhere
 * in between can be repeated: a Pod that is still tracked is looked at anew, one that is not never again. Completed
 * indexes need no such care: a set does not count twice.
 */
export function account(job: Job, pods: readonly Pod[]): Account {
  const before = job.status ?? {};
  const completions = job.spec.completions ?? 0;
  const tracked = pods.filter(isTracked);
  const stillTracked = new Set(tracked.map(({ metadata }) => metadata.uid));
  const succeeded: string[] = [];
  const failed: string[] = [];
  const moved = (uids: readonly string[] = []): number => uids.filter((uid) => !stillTracked.has(uid)).length;
  const countedSucceeded = (before.succeeded ?? 0) + moved(before.uncountedTerminatedPods?.succeeded);
  const countedFailed = (before.failed ?? 0) + moved(before.uncountedTerminatedPods?.failed);
  const completed = isIndexed(job)
    ? parseIndexes(before.completedIndexes ?? '', completions)
    : new Set<number>();
  const releasable: Pod[] = [];
  let policyFailure: string | undefined;

  for (const pod of tracked) {
    if (pod.status?.phase === 'Succeeded') {
      const index = indexOf(pod);
      if (!isIndexed(job)) succeeded.push(pod.metadata.uid);
      else if (index !== undefined && index < completions) completed.add(index);
    } else if (isLost(job, pod)) {
      const verdict = isFinished(pod) ? matchFailurePolicy(job, pod) : undefined;
      if (verdict?.action !== 'Ignore') failed.push(pod.metadata.uid);
      if (verdict?.action === 'FailJob') policyFailure ??= verdict.message;
    } else {
      continue;
    }
    releasable.push(pod);
  }
  const allSucceeded = isIndexed(job) ? completed.size : countedSucceeded + succeeded.length;
  return {
    succeeded: allSucceeded,
    failed: countedFailed + failed.length,
    completed,
    counters: {
      succeeded: isIndexed(job) ? completed.size : countedSucceeded,
      failed: countedFailed,
      ...(isIndexed(job) && { completedIndexes: formatIndexes(completed) }),
      uncountedTerminatedPods: {
        ...(succeeded.length > 0 && { succeeded }),
        ...(failed.length > 0 && { failed }),
      },
    },
    isSettled: releasable.length === 0,
    releasable,
    policyFailure,
  };
}

/** Failed, or being deleted with nobody to tell how it would have ended. */
function isLost(job: Job, pod: Pod): boolean {
  return pod.status?.phase === 'Failed' || (isDeleting(pod) && !replacesOnlyFinished(job));
}
