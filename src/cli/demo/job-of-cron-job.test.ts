import { expect, test } from 'vitest';
import { jobOfCronJob } from './job-of-cron-job.ts';

test('a Job by hand has the template and the marks of one', () => {
  const spec = { backoffLimit: 1, template: { spec: { containers: [{ name: 'c' }] } } };
  const metadata = { name: 'tick', namespace: 'demo', uid: 'u' };
  const jobTemplate = { metadata: { labels: { a: 'b' }, annotations: { c: 'd' } }, spec };
  expect(jobOfCronJob({ metadata, spec: { schedule: '* * * * *', jobTemplate } }, 'tick-now')).toEqual({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: 'tick-now',
      namespace: 'demo',
      labels: { a: 'b' },
      annotations: { c: 'd', 'cronjob.kubernetes.io/instantiate': 'manual' },
      ownerReferences: [
        { apiVersion: 'batch/v1', kind: 'CronJob', name: 'tick', uid: 'u', controller: true },
      ],
    },
    spec,
  });
});
