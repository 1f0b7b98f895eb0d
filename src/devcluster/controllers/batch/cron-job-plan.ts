import { type CronJob, type Job, kinds } from '../core/kinds.ts';
import { controllerReference, isDeleting, omitEmpty, timestamp, typeMeta } from '../core/objects.ts';
import { describe } from '../core/work-queue.ts';
import { event, statusWrite, type Write } from '../core/writes.ts';
import { lastDue, parseSchedule, type Schedule } from './cron.ts';
import { finishedCondition } from './job-plan.ts';

type CronJobStatus = NonNullable<CronJob['status']>;

interface Plan {
  readonly writes: readonly Write[];
  readonly lookAgainMs: number | undefined;
}

/** cronjob_controllerv2.go syncCronJob: what ended, what is due, what is too old. `jobs`: those it controls. */
export function planCronJob(cronJob: CronJob, jobs: readonly Job[], now: number): Plan {
  const running = jobs.filter((job) => finishedCondition(job) === undefined);
  const before = cronJob.status ?? {};
  const seen = [
    ...finishedEvents(cronJob, jobs),
    ...(isDeleting(cronJob) ? [] : surplusHistory(cronJob, jobs)),
  ];
  const lastSuccess = jobs
    .flatMap(({ status }) => status?.completionTime ?? [])
    .sort()
    .at(-1);
  const lastSuccessfulTime = [before.lastSuccessfulTime ?? '', lastSuccess ?? ''].sort().at(-1);
  const finish = (
    writes: readonly Write[],
    changed: Partial<CronJobStatus> = {},
    lookAgainMs?: number,
  ): Plan => {
    const status = omitEmpty<CronJobStatus>({
      active: running.map(reference),
      lastScheduleTime: before.lastScheduleTime,
      lastSuccessfulTime,
      ...changed,
    });
    return { writes: [...seen, ...writes, ...statusWrite(kinds.cronJobs, cronJob, status)], lookAgainMs };
  };
  if (isDeleting(cronJob) || cronJob.spec.suspend) return finish([]);

  let schedule: Schedule;
  try {
    schedule = parseSchedule(cronJob.spec.schedule, cronJob.spec.timeZone);
  } catch (error) {
    const reason = describe(error).startsWith('timeZone') ? 'UnknownTimeZone' : 'UnparseableSchedule';
    return finish([event(cronJob, 'Warning', reason, `invalid schedule: ${describe(error)}`)]);
  }
  const next = schedule.next(now);
  const wait = next === undefined ? undefined : next - now;
  const deadlineMs = (cronJob.spec.startingDeadlineSeconds ?? Number.POSITIVE_INFINITY) * 1_000;
  const last = Date.parse(before.lastScheduleTime ?? cronJob.metadata.creationTimestamp);
  const due = lastDue(schedule, Math.max(last, now - deadlineMs), now);
  if (due === undefined) return finish([], {}, wait);

  const policy = cronJob.spec.concurrencyPolicy ?? 'Allow';
  if (policy === 'Forbid' && running.length > 0) {
    const message = 'Not starting job because prior execution is running and concurrency policy is Forbid';
    return finish([event(cronJob, 'Normal', 'JobAlreadyActive', message)], {}, wait);
  }
  const job = jobFor(cronJob, due);
  const scheduled = { lastScheduleTime: timestamp(due) };
  if (jobs.some(({ metadata }) => metadata.name === job.metadata.name)) return finish([], scheduled, wait);
  const replaced = policy === 'Replace' ? running.map((object) => deletion(cronJob, object)) : [];
  const creation: Write = { op: 'create', kind: kinds.jobs, object: job, announce: cronJob };
  const kept = policy === 'Replace' ? [] : running.map(reference);
  return finish([...replaced, creation], { ...scheduled, active: kept }, wait);
}

function finishedEvents(cronJob: CronJob, jobs: readonly Job[]): Write[] {
  const gone = (cronJob.status?.active ?? []).filter(
    ({ uid }) => !jobs.some(({ metadata }) => metadata.uid === uid),
  );
  const ended = jobs.filter(
    (job) => finishedCondition(job) && cronJob.status?.active?.some(({ uid }) => uid === job.metadata.uid),
  );
  return [
    ...ended.map((job) =>
      event(
        cronJob,
        'Normal',
        'SawCompletedJob',
        `Saw completed job: ${job.metadata.name}, condition: ${finishedCondition(job)?.type}`,
      ),
    ),
    ...gone.map(({ name }) => event(cronJob, 'Normal', 'MissingJob', `Active job went missing: ${name}`)),
  ];
}

function surplusHistory(cronJob: CronJob, jobs: readonly Job[]): Write[] {
  const oldest = (type: string, limit: number): Job[] => {
    const ended = jobs
      .filter((job) => finishedCondition(job)?.type === type && !isDeleting(job))
      .sort((a, b) => (a.status?.startTime ?? '').localeCompare(b.status?.startTime ?? ''));
    return ended.slice(0, Math.max(0, ended.length - limit));
  };
  const { successfulJobsHistoryLimit = 3, failedJobsHistoryLimit = 1 } = cronJob.spec;
  const surplus = [
    ...oldest('Complete', successfulJobsHistoryLimit),
    ...oldest('Failed', failedJobsHistoryLimit),
  ];
  return surplus.map((object) => deletion(cronJob, object));
}

function deletion(cronJob: CronJob, object: Job): Write {
  return {
    op: 'delete',
    kind: kinds.jobs,
    object,
    request: { propagationPolicy: 'Background' },
    announce: cronJob,
  };
}

function reference({ metadata, apiVersion, kind }: Job) {
  const { name, namespace = '', uid, resourceVersion } = metadata;
  return { apiVersion, kind, name, namespace, uid, resourceVersion };
}

/** Named after the minute it was due, so the same time never makes two Jobs. */
function jobFor(cronJob: CronJob, due: number) {
  const { metadata, spec } = cronJob.spec.jobTemplate;
  const annotations = {
    ...metadata?.annotations,
    'batch.kubernetes.io/cronjob-scheduled-timestamp': timestamp(due),
  };
  return {
    ...typeMeta(kinds.jobs),
    metadata: {
      name: `${cronJob.metadata.name}-${Math.floor(due / 60_000)}`,
      namespace: cronJob.metadata.namespace,
      labels: { ...metadata?.labels },
      annotations,
      ownerReferences: [controllerReference(cronJob)],
    },
    spec,
  };
}
