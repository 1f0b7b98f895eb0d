import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { type Job, kinds, type Pod } from '../core/kinds.ts';
import { isDeleting } from '../core/objects.ts';
import { isActive, isFinished } from '../core/pods.ts';
import { type Behaviour, jobSpec, TestCluster, type TestClusterOptions } from '../test-cluster.ts';

let cluster: TestCluster;
afterEach(() => cluster.stop());

async function job(spec: object = {}, options: TestClusterOptions = {}, podSpec: object = {}): Promise<void> {
  cluster = new TestCluster({ behave: () => 'running', ...options });
  await cluster.settle();
  cluster.create(kinds.jobs, { metadata: { name: 'sum' }, spec: jobSpec(spec, podSpec) });
  await cluster.settle();
}

function sum(): Job {
  return cluster.get(kinds.jobs, 'sum');
}

function conditions(): string[] {
  return (sum().status?.conditions ?? [])
    .filter(({ status }) => status === 'True')
    .map(({ type, reason }) => `${type} ${reason}`);
}

async function end(pod: Pod | undefined, behaviour: Behaviour, exitCode?: number): Promise<void> {
  if (pod) cluster.report(pod, behaviour, exitCode);
  await cluster.settle();
}

function running(): Pod[] {
  return cluster.pods().filter((pod) => isActive(pod));
}

it('runs to completion and counts each Pod once', async () => {
  await job({ completions: 3, parallelism: 2 });
  expect(sum().status).toMatchObject({
    active: 2,
    ready: 0,
    terminating: 0,
    startTime: '2026-01-01T00:00:00Z',
  });
  expect(cluster.pods()[0]?.metadata).toMatchObject({
    labels: {
      'job-name': 'sum',
      'batch.kubernetes.io/job-name': 'sum',
      'batch.kubernetes.io/controller-uid': sum().metadata.uid,
    },
    finalizers: ['batch.kubernetes.io/job-tracking'],
  });
  await end(running()[0], 'succeeded');
  expect(sum().status).toMatchObject({ active: 2, succeeded: 1 });
  await cluster.seconds(5);
  await end(running()[0], 'succeeded');
  expect(sum().status).toMatchObject({ active: 1, succeeded: 2 });
  await end(running()[0], 'succeeded');
  expect(sum().status).toMatchObject({
    succeeded: 3,
    completionTime: '2026-01-01T00:00:05Z',
    uncountedTerminatedPods: {},
  });
  expect(sum().status?.active).toBeUndefined();
  expect(conditions()).toEqual(['SuccessCriteriaMet CompletionsReached', 'Complete CompletionsReached']);
  expect(cluster.pods().flatMap(({ metadata }) => metadata.finalizers ?? [])).toEqual([]);
  expect(cluster.eventsOf('sum').at(-1)).toBe('Completed: Job completed');
});

it('without completions is done when one Pod succeeded and none runs', async () => {
  await job({ parallelism: 2 });
  await end(running()[0], 'succeeded');
  expect(conditions()).toEqual([]);
  expect(running()).toHaveLength(1);
  await end(running()[0], 'succeeded');
  expect(conditions()).toContain('Complete CompletionsReached');
  expect(sum().status?.succeeded).toBe(2);
});

it('tries again with growing waits and fails beyond backoffLimit', async () => {
  await job({ backoffLimit: 2 });
  await end(running()[0], 'failed');
  await cluster.seconds(9);
  expect(running()).toHaveLength(0);
  await cluster.seconds(1);
  expect(running()).toHaveLength(1);
  await end(running()[0], 'failed');
  await cluster.seconds(19);
  expect(running()).toHaveLength(0);
  await cluster.seconds(1);
  await end(running()[0], 'failed');
  expect(sum().status).toMatchObject({ failed: 3 });
  expect(conditions()).toEqual(['FailureTarget BackoffLimitExceeded', 'Failed BackoffLimitExceeded']);
  expect(cluster.eventsOf('sum').at(-1)).toBe(
    'BackoffLimitExceeded: Job has reached the specified backoff limit',
  );
  await cluster.seconds(3600);
  expect(cluster.pods()).toHaveLength(3);
});

it('counts restarts against backoffLimit when Pods restart in place', async () => {
  await job({ backoffLimit: 1 }, {}, { restartPolicy: 'OnFailure' });
  const pod = running()[0];
  const [container] = pod?.status?.containerStatuses ?? [];
  if (pod) cluster.setStatus(pod, { containerStatuses: [{ ...container, restartCount: 1 }] });
  await cluster.settle();
  expect(conditions()).toContain('Failed BackoffLimitExceeded');
  expect(cluster.pods()).toEqual([]);
});

it('Indexed: each index has its Pod, its number in the environment, and succeeds once', async () => {
  await job({ completions: 4, parallelism: 4, completionMode: 'Indexed' });
  const byIndex = () =>
    new Map(
      running().map((pod) => [pod.metadata.annotations?.['batch.kubernetes.io/job-completion-index'], pod]),
    );
  expect([...byIndex().keys()].sort()).toEqual(['0', '1', '2', '3']);
  const second = byIndex().get('2');
  expect(second?.metadata.name).toMatch(/^sum-2-/);
  expect(second?.spec.hostname).toBe('sum-2');
  expect(second?.spec.containers[0]?.env).toMatchObject([
    {
      name: 'JOB_COMPLETION_INDEX',
      valueFrom: {
        fieldRef: { fieldPath: "metadata.annotations['batch.kubernetes.io/job-completion-index']" },
      },
    },
  ]);
  await end(byIndex().get('0'), 'succeeded');
  await end(byIndex().get('2'), 'failed');
  await end(byIndex().get('3'), 'succeeded');
  expect(sum().status).toMatchObject({ completedIndexes: '0,3', succeeded: 2, failed: 1 });
  await cluster.seconds(10);
  expect([...byIndex().keys()].sort()).toEqual(['1', '2']);
  await end(byIndex().get('1'), 'succeeded');
  await end(byIndex().get('2'), 'succeeded');
  expect(sum().status).toMatchObject({ completedIndexes: '0-3', succeeded: 4, failed: 1 });
  expect(conditions()).toContain('Complete CompletionsReached');
});

it('ends at activeDeadlineSeconds', async () => {
  await job({ activeDeadlineSeconds: 30 });
  await cluster.seconds(29);
  expect(running()).toHaveLength(1);
  await cluster.seconds(1);
  expect(cluster.pods()).toEqual([]);
  expect(conditions()).toEqual(['FailureTarget DeadlineExceeded', 'Failed DeadlineExceeded']);
});

it('goes with its Pods ttlSecondsAfterFinished after the end', async () => {
  await job({ ttlSecondsAfterFinished: 60 });
  await end(running()[0], 'succeeded');
  await cluster.seconds(59);
  expect(sum().status?.succeeded).toBe(1);
  await cluster.seconds(1);
  expect([...cluster.store.list(kinds.jobs), ...cluster.pods()]).toEqual([]);
});

describe('podFailurePolicy', () => {
  const onExit = (action: string, values: number[]) => ({ action, onExitCodes: { operator: 'In', values } });
  const onDisruption = { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] };
  const policy = {
    podFailurePolicy: { rules: [onExit('FailJob', [42]), onDisruption, onExit('Count', [1])] },
  };

  it('ends the Job at an exit code that no retry mends', async () => {
    await job({ ...policy, backoffLimit: 5 });
    await end(running()[0], 'failed', 42);
    expect(conditions()).toEqual(['FailureTarget PodFailurePolicy', 'Failed PodFailurePolicy']);
    expect(sum().status?.conditions?.[0]?.message).toMatch(
      /^Container main for pod default\/sum-\w+ failed with exit code 42 matching FailJob rule at index 0$/,
    );
    expect(sum().status?.failed).toBe(1);
  });

  it('does not count Pods that were taken away', async () => {
    await job({ ...policy, backoffLimit: 0 });
    const pod = running()[0];
    if (pod)
      cluster.setStatus(pod, { phase: 'Failed', conditions: [{ type: 'DisruptionTarget', status: 'True' }] });
    await cluster.seconds(10);
    expect(sum().status?.failed).toBeUndefined();
    expect(running()).toHaveLength(1);
    await end(running()[0], 'succeeded');
    expect(conditions()).toContain('Complete CompletionsReached');
  });
});

it('suspends: Pods go without being counted, and come back when resumed', async () => {
  await job({ completions: 2, parallelism: 2, suspend: true });
  expect(cluster.pods()).toEqual([]);
  expect(conditions()).toEqual(['Suspended JobSuspended']);
  expect(sum().status?.startTime).toBeUndefined();
  const suspend = (value: boolean) =>
    cluster.change(kinds.jobs, 'sum', (one) => ({ ...one, spec: { ...one.spec, suspend: value } }));
  suspend(false);
  await cluster.settle();
  expect(running()).toHaveLength(2);
  suspend(true);
  await cluster.settle();
  expect(cluster.pods()).toEqual([]);
  suspend(false);
  await cluster.settle();
  expect(sum().status).toMatchObject({ active: 2 });
  expect(sum().status?.failed).toBeUndefined();
  expect(cluster.eventsOf('sum')).toContain('Resumed: Job resumed');
});

it('replaces a Pod that somebody deletes, and counts it as failed', async () => {
  await job({}, { lingering: true });
  const pod = running()[0];
  cluster.remove(kinds.pods, pod?.metadata.name ?? '');
  await cluster.settle();
  expect(sum().status).toMatchObject({ failed: 1, terminating: 1 });
  if (pod) cluster.finish(pod);
  await cluster.seconds(60);
  expect(sum().status).toMatchObject({ failed: 1, active: 1, terminating: 0 });
});

it('lets the Pods of a deleted Job go', async () => {
  await job({ parallelism: 3, completions: 3 });
  cluster.remove(kinds.jobs, 'sum', { propagationPolicy: 'Background' });
  await cluster.settle();
  expect(cluster.pods()).toEqual([]);
});

it('lets the Pods of an orphaning Job go on untracked', async () => {
  await job();
  cluster.remove(kinds.jobs, 'sum', { propagationPolicy: 'Orphan' });
  await cluster.settle();
  expect(running()).toHaveLength(1);
  expect(running()[0]?.metadata.finalizers ?? []).toEqual([]);
});

it('counts exactly, whatever happens to the Pods and however often the controller starts over', async () => {
  const step = fc.oneof(
    fc.record({
      op: fc.constant('report' as const),
      at: fc.nat(8),
      behaviour: fc.constantFrom<Behaviour>('succeeded', 'failed', 'ready'),
    }),
    fc.record({ op: fc.constant('delete' as const), at: fc.nat(8) }),
    fc.record({ op: fc.constant('finish' as const), at: fc.nat(8) }),
    fc.record({ op: fc.constant('parallelism' as const), to: fc.integer({ min: 0, max: 4 }) }),
    fc.record({ op: fc.constant('time' as const), seconds: fc.nat(40) }),
    fc.record({ op: fc.constant('breakdown' as const), writes: fc.integer({ min: 1, max: 6 }) }),
  );
  const mode = fc.constantFrom('NonIndexed', 'Indexed');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), mode, async (steps, completionMode) => {
      await job({ completions: 4, parallelism: 2, completionMode, backoffLimit: 100 }, { lingering: true });
      const succeeded = new Set<string>();
      const lost = new Set<string>();
      const scaledDown = new Set<string>();
      const { update } = cluster.memory;
      for (const one of steps) {
        const pod = 'at' in one ? cluster.pods()[one.at] : undefined;
        if (one.op === 'report' && pod && !isFinished(pod) && !isDeleting(pod))
          cluster.report(pod, one.behaviour);
        if (one.op === 'delete' && pod && !isDeleting(pod) && !isFinished(pod)) {
          cluster.remove(kinds.pods, pod.metadata.name);
          lost.add(pod.metadata.uid);
        }
        if (one.op === 'finish' && pod && isDeleting(pod)) cluster.finish(pod);
        if (one.op === 'parallelism')
          cluster.change(kinds.jobs, 'sum', (now) => ({
            ...now,
            spec: { ...now.spec, parallelism: one.to },
          }));
        if (one.op === 'breakdown') {
          // The n-th write fails: whatever was half done must be finished without being counted again.
          let left = one.writes;
          cluster.memory.update = (...args) => {
            const [resource, , subresource] = args;
            const isTheirs =
              resource === 'jobs.batch' ? subresource === 'status' : resource === 'pods' && !subresource;
            if (isTheirs && left-- === 0) throw new Error('the store broke down');
            return update.apply(cluster.memory, args);
          };
        }
        for (const { metadata, status } of cluster.pods()) {
          if (status?.phase === 'Succeeded' && !lost.has(metadata.uid)) succeeded.add(metadata.uid);
          if (status?.phase === 'Failed' && !scaledDown.has(metadata.uid)) lost.add(metadata.uid);
        }
        await cluster.seconds(one.op === 'time' ? one.seconds : 0);
        for (const one of cluster.pods())
          if (isDeleting(one) && !lost.has(one.metadata.uid)) scaledDown.add(one.metadata.uid);
      }
      cluster.memory.update = update;
      await cluster.seconds(60);
      const { status = {} } = sum();
      expect(status.uncountedTerminatedPods).toEqual({});
      expect(status.failed ?? 0).toBe(lost.size);
      if (completionMode === 'NonIndexed') expect(status.succeeded ?? 0).toBe(succeeded.size);
      expect(status.succeeded ?? 0).toBeLessThanOrEqual(4);
      cluster.stop();
    }),
    { numRuns: 60 },
  );
});
