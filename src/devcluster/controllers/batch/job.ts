import { type Context, startController } from '../core/controller.ts';
import { type Job, kinds, type Pod } from '../core/kinds.ts';
import { controllerOf, isDeleting, keyOf, splitKey } from '../core/objects.ts';
import { isActive, soonest } from '../core/pods.ts';
import { WorkQueue } from '../core/work-queue.ts';
import { applyWrites, type Write } from '../core/writes.ts';
import { account, isTracked } from './job-account.ts';
import {
  deadlineInMs,
  finishedCondition,
  outcome,
  planPods,
  planStatus,
  release,
  retryInMs,
} from './job-plan.ts';

const name = 'job-controller';

export function startJobController(context: Context): void {
  const { store, clock, pods, signal } = context;
  const abandoned = startAbandonedPodRelease(context);
  startController(context, {
    name,
    kind: kinds.jobs,
    owns: [kinds.pods],
    sync: (job, apply) => {
      const now = clock.now();
      const owned = pods.controlledBy(job);
      if (finishedCondition(job) !== undefined) return syncFinished(job, owned, now, apply);
      const counted = account(job, owned);
      const end = outcome(job, owned, counted, now);
      const retryMs = retryInMs(owned, now);
      const failure: unknown[] = [];
      try {
        apply(planPods(job, owned, counted, end, retryMs));
      } catch (error) {
        failure.push(error);
      }
      // What could be done is counted, whether all of it could or not.
      apply(planStatus(job, pods.controlledBy(job), now));
      if (failure.length > 0) throw failure[0];
      const started = store.get(kinds.jobs, job.metadata.namespace, job.metadata.name) ?? job;
      return soonest([retryMs, deadlineInMs(started, now)]);
    },
  });
  store.subscribe(kinds.jobs, signal, ({ type, object }) => {
    if (type === 'DELETED') for (const pod of pods.controlledBy(object)) abandoned.add(keyOf(pod));
  });
}

function syncFinished(
  job: Job,
  owned: readonly Pod[],
  now: number,
  apply: (writes: readonly Write[]) => void,
): number | undefined {
  apply(release(owned));
  apply(owned.filter(isActive).map((object) => ({ op: 'delete', kind: kinds.pods, object, announce: job })));
  const { ttlSecondsAfterFinished } = job.spec;
  if (ttlSecondsAfterFinished === undefined || isDeleting(job)) return undefined;
  const finishedAt = Date.parse(finishedCondition(job)?.lastTransitionTime ?? '');
  const leftMs = finishedAt + ttlSecondsAfterFinished * 1000 - now;
  if (leftMs > 0) return leftMs;
  apply([{ op: 'delete', kind: kinds.jobs, object: job, request: { propagationPolicy: 'Foreground' } }]);
  return undefined;
}

/** Tracked Pods whose Job is gone would stay for ever: nobody else takes the finalizer away. */
function startAbandonedPodRelease(context: Context): WorkQueue {
  const { store, signal } = context;
  const queue = new WorkQueue({
    ...context,
    name,
    sync: (key) => {
      const place = splitKey(key);
      const pod = store.get(kinds.pods, place.namespace, place.name);
      if (pod !== undefined && isTracked(pod) && !hasJob(pod)) applyWrites(context, name, release([pod]));
      return undefined;
    },
  });
  const hasJob = (pod: Pod): boolean => {
    const owner = controllerOf(pod);
    const job = owner && store.get(kinds.jobs, pod.metadata.namespace, owner.name);
    return job !== undefined && job.metadata.uid === owner?.uid;
  };
  const consider = (pod: Pod): void => {
    if (isTracked(pod) && !hasJob(pod)) queue.add(keyOf(pod));
  };
  for (const pod of store.list(kinds.pods)) consider(pod);
  store.subscribe(kinds.pods, signal, ({ type, object }) => {
    if (type !== 'DELETED') consider(object);
  });
  return queue;
}
