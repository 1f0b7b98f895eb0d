import { afterEach, expect, it } from 'vitest';
import { type CronJob, type Job, kinds } from '../core/kinds.ts';
import { jobSpec, TestCluster, type TestClusterOptions } from '../test-cluster.ts';

let cluster: TestCluster;
afterEach(() => cluster.stop());

async function cronJob(spec: object = {}, options: TestClusterOptions = {}): Promise<void> {
  cluster = new TestCluster({ behave: () => 'succeeded', ...options });
  await cluster.settle();
  cluster.create(kinds.cronJobs, {
    metadata: { name: 'tick' },
    spec: {
      schedule: '* * * * *',
      jobTemplate: { metadata: { labels: { by: 'tick' } }, spec: jobSpec() },
      ...spec,
    },
  });
  await cluster.settle();
}

function jobs(): readonly Job[] {
  return cluster.store.list(kinds.jobs, 'default');
}

function tick(): CronJob {
  return cluster.get(kinds.cronJobs, 'tick');
}

it('makes a Job at each due minute, named after it, and keeps the last three', async () => {
  await cronJob();
  expect(jobs()).toEqual([]);
  await cluster.seconds(60);
  expect(jobs().map(({ metadata }) => metadata)).toMatchObject([
    {
      name: `tick-${Date.UTC(2026, 0, 1, 0, 1) / 60_000}`,
      labels: { by: 'tick' },
      annotations: { 'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-01T00:01:00Z' },
    },
  ]);
  expect(tick().status).toMatchObject({
    lastScheduleTime: '2026-01-01T00:01:00Z',
    lastSuccessfulTime: '2026-01-01T00:01:00Z',
  });
  expect(tick().status?.active).toBeUndefined();
  await cluster.seconds(600);
  expect(jobs()).toHaveLength(3);
  expect(tick().status?.lastScheduleTime).toBe('2026-01-01T00:11:00Z');
  expect(cluster.eventsOf('tick')).toContain(
    `SawCompletedJob: Saw completed job: tick-${Date.UTC(2026, 0, 1, 0, 1) / 60_000}, condition: Complete`,
  );
});

it('with Forbid waits for the running Job, with Replace ends it, with Allow runs both', async () => {
  await cronJob({ concurrencyPolicy: 'Forbid' }, { behave: () => 'running' });
  await cluster.seconds(180);
  expect(jobs()).toHaveLength(1);
  expect(tick().status?.active).toMatchObject([{ kind: 'Job', name: jobs()[0]?.metadata.name }]);
  expect(cluster.eventsOf('tick').some((text) => text.startsWith('JobAlreadyActive'))).toBe(true);
  for (const pod of cluster.pods()) cluster.report(pod, 'succeeded');
  await cluster.seconds(1);
  expect(jobs(), 'the missed time is made up for').toHaveLength(2);
  cluster.stop();

  await cronJob({ concurrencyPolicy: 'Replace' }, { behave: () => 'running' });
  await cluster.seconds(180);
  expect(jobs().map(({ metadata }) => metadata.name)).toEqual([
    `tick-${Date.UTC(2026, 0, 1, 0, 3) / 60_000}`,
  ]);
  expect(cluster.pods()).toHaveLength(1);
  cluster.stop();

  await cronJob({ concurrencyPolicy: 'Allow' }, { behave: () => 'running' });
  await cluster.seconds(180);
  expect(jobs()).toHaveLength(3);
  expect(tick().status?.active).toHaveLength(3);
});

it('does nothing while suspended, then makes up for the last time unless it is too late', async () => {
  await cronJob({ suspend: true, schedule: '0 * * * *', startingDeadlineSeconds: 600 });
  await cluster.seconds(3600 + 300);
  expect(jobs()).toEqual([]);
  cluster.change(kinds.cronJobs, 'tick', (one) => ({ ...one, spec: { ...one.spec, suspend: false } }));
  await cluster.settle();
  expect(jobs()).toHaveLength(1);
  cluster.change(kinds.cronJobs, 'tick', (one) => ({ ...one, spec: { ...one.spec, suspend: true } }));
  await cluster.seconds(3600 + 900);
  cluster.change(kinds.cronJobs, 'tick', (one) => ({ ...one, spec: { ...one.spec, suspend: false } }));
  await cluster.settle();
  expect(jobs()).toHaveLength(1);
});

it('names what is wrong with a schedule or a time zone', async () => {
  await cronJob({ schedule: '61 * * * *' });
  expect(cluster.eventsOf('tick')[0]).toMatch(/^UnparseableSchedule: .*minute: must be from 0 to 59: 61/);
  cluster.change(kinds.cronJobs, 'tick', (one) => ({
    ...one,
    spec: { ...one.spec, schedule: '0 0 * * *', timeZone: 'Nowhere' },
  }));
  await cluster.settle();
  expect(cluster.eventsOf('tick').at(-1)).toMatch(/^UnknownTimeZone: .*Nowhere/);
});

it('takes its Jobs and their Pods with it', async () => {
  await cronJob({}, { behave: () => 'running' });
  await cluster.seconds(120);
  expect(cluster.pods()).toHaveLength(2);
  cluster.remove(kinds.cronJobs, 'tick', { propagationPolicy: 'Background' });
  await cluster.settle();
  expect([...jobs(), ...cluster.pods()]).toEqual([]);
});
