import { type Context, startController } from '../core/controller.ts';
import { kinds } from '../core/kinds.ts';
import { isControlledBy } from '../core/objects.ts';
import { planCronJob } from './cron-job-plan.ts';

export function startCronJobController(context: Context): void {
  const { store, clock } = context;
  startController(context, {
    name: 'cronjob-controller',
    kind: kinds.cronJobs,
    owns: [kinds.jobs],
    sync: (cronJob, apply) => {
      const jobs = store
        .list(kinds.jobs, cronJob.metadata.namespace)
        .filter((job) => isControlledBy(job, cronJob));
      const { writes, lookAgainMs } = planCronJob(cronJob, jobs, clock.now());
      apply(writes);
      return lookAgainMs;
    },
  });
}
