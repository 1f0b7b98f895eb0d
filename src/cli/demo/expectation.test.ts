import { describe, expect, test } from 'vitest';
import type { Pod } from '../../kube/types.ts';
import {
  answering,
  completeJob,
  type Expectation,
  jobLog,
  readyDeployment,
  readyStatefulSet,
  refusedDaemonSet,
  refusedPod,
  scheduledCronJob,
  succeededPod,
} from './expectation.ts';
import { expectations } from './expectations.ts';
import type { Answer, Observed } from './observed.ts';
import { allMet, resultLines } from './result-lines.ts';
import {
  cronJob,
  deployment,
  job,
  observed,
  pod,
  refused,
  running,
  statefulSet,
  warning,
} from './testing/demo-objects.ts';

const web = ['a', 'b', 'c'].map((name, index) => running(name, 'ReplicaSet/web-1', `127.1.0.${index}`));
const answers = (body: (name: string) => string, status = 200): ReadonlyMap<string, Answer> =>
  new Map(web.map(({ metadata }) => [`GET ${metadata?.name}`, { status, body: body(metadata?.name ?? '') }]));

function differences(expectation: Expectation, ...states: Partial<Observed>[]): (string | undefined)[] {
  return states.map((state) => expectation.difference(observed(state)));
}

test('a Deployment is ready when all replicas are of the newest template and ready', () => {
  const [first, ...others] = web;
  const crashing = {
    ...first,
    status: {
      phase: 'Running',
      containerStatuses: [
        {
          name: 'main',
          image: '',
          imageID: '',
          ready: false,
          restartCount: 3,
          state: { waiting: { reason: 'CrashLoopBackOff' } },
        },
      ],
    },
  };
  const updating = deployment('web', 3, 3);
  expect(
    differences(
      readyDeployment('web', 3),
      { deployments: [deployment('web', 3, 3)] },
      { deployments: [deployment('web', 3, 2)], pods: [crashing, ...others] },
      { deployments: [deployment('web', 2, 2)] },
      { deployments: [{ ...updating, status: { ...updating.status, replicas: 3, updatedReplicas: 1 } }] },
      { deployments: [deployment('other', 3, 3)] },
    ),
  ).toEqual([
    undefined,
    '2 of 3 ready (a CrashLoopBackOff, b Running, c Running)',
    '2 of 2 ready',
    '3 of 3 ready',
    'no such Deployment',
  ]);
});

describe('the servers of a Deployment', () => {
  const hello = answering('web', 3, 8080, (name) => `hello from ${name}\n`);

  test('answer when each does, rightly', () => {
    const right = answers((name) => `hello from ${name}\n`);
    expect(
      differences(
        hello,
        { pods: web, answers: right },
        { pods: web },
        { pods: web, answers: answers(() => 'hello from a\n') },
        { pods: web, answers: answers((name) => `hello from ${name}\n`, 500) },
        { pods: web, answers: new Map([...right, ['GET c', { error: 'connect ECONNREFUSED' }]]) },
        { pods: web.slice(1), answers: right },
      ),
    ).toEqual([
      undefined,
      'a was not asked yet; b was not asked yet; c was not asked yet',
      'b: HTTP 200 "hello from a\\n"; c: HTTP 200 "hello from a\\n"',
      'a: HTTP 500 "hello from a\\n"; b: HTTP 500 "hello from b\\n"; c: HTTP 500 "hello from c\\n"',
      'c at 127.1.0.2: connect ECONNREFUSED',
      '2 that are ready',
    ]);
  });

  test('are asked once they are ready, until the answer is right', () => {
    const half = new Map([...answers((name) => `hello from ${name}\n`)].slice(0, 1));
    const pods = [
      ...web,
      running('d', 'ReplicaSet/web-1', '127.1.0.9', false),
      running('e', 'ReplicaSet/x-1', '127.1.0.8'),
    ];
    expect(hello.questions?.(observed({ pods, answers: half }))).toEqual([
      { key: 'GET b', about: { type: 'http', url: 'http://127.1.0.1:8080/' } },
      { key: 'GET c', about: { type: 'http', url: 'http://127.1.0.2:8080/' } },
    ]);
  });
});

test('a Job is complete by its condition', () => {
  const failed = pod('revenue-x', { phase: 'Failed', reason: 'Evicted' }, 'Job/revenue');
  expect(
    differences(
      completeJob('revenue'),
      { jobs: [job('revenue', 'Complete')] },
      { jobs: [job('revenue')] },
      { jobs: [job('revenue', 'Failed')], pods: [failed] },
      {},
    ),
  ).toEqual([
    undefined,
    'not complete',
    'Failed (BackoffLimitExceeded: too often) (revenue-x Evicted)',
    'no such Job',
  ]);
});

test('the log of a Job has the line, whole', () => {
  const log = jobLog('revenue', 'sum: 1');
  const pods = [pod('p', { phase: 'Succeeded' }, 'Job/revenue')];
  const saying = (answer: Answer): Partial<Observed> => ({ pods, answers: new Map([['log p', answer]]) });
  expect(
    differences(
      log,
      saying({ status: 200, body: 'a\nsum: 1\n' }),
      saying({ status: 200, body: 'sum: 10\n' }),
      saying({ status: 404, body: 'gone' }),
      saying({ error: 'timeout' }),
      { pods },
      {},
    ),
  ).toEqual([
    undefined,
    '"sum: 10\\n"',
    'HTTP 404 "gone"',
    'timeout',
    'not read yet',
    'no Pod that has succeeded',
  ]);
  expect(log.questions?.(observed({ pods }))).toEqual([
    { key: 'log p', about: { type: 'log', namespace: 'demo', pod: 'p' } },
  ]);
  expect(log.questions?.(observed(saying({ status: 200, body: 'sum: 1' })))).toEqual([]);
});

test('a StatefulSet has its members by name', () => {
  const member = (name: string, ready = true): Pod => running(name, 'StatefulSet/store', '127.0.2.1', ready);
  const [all, half] = [[statefulSet('store', 2, 2)], [statefulSet('store', 2, 1)]];
  expect(
    differences(
      readyStatefulSet('store', ['store-0', 'store-1']),
      { statefulSets: all, pods: [member('store-1'), member('store-0')] },
      { statefulSets: half, pods: [member('store-0')] },
      { statefulSets: all, pods: [member('store-0'), member('store-2')] },
      {},
    ),
  ).toEqual([
    undefined,
    '1 of 2 ready (store-0 Running)',
    '2 of 2 ready (store-0 Running, store-2 Running)',
    'no such StatefulSet',
  ]);
});

test('a CronJob has its schedule', () => {
  const cronJobs = [cronJob('tick', '0 * * * *')];
  expect(differences(scheduledCronJob('tick', '0 * * * *'), { cronJobs }, {})).toEqual([
    undefined,
    'no such CronJob',
  ]);
  expect(differences(scheduledCronJob('tick', '* * * * *'), { cronJobs })).toEqual(['schedule "0 * * * *"']);
});

test('a Pod has succeeded with every init container', () => {
  const ended = (...codes: number[]): NonNullable<Pod['status']>['initContainerStatuses'] =>
    codes.map((exitCode, index) => ({
      name: `i${index}`,
      image: '',
      imageID: '',
      ready: true,
      restartCount: 0,
      state: { terminated: { exitCode } },
    }));
  const state = (phase: string, ...codes: number[]): Partial<Observed> => ({
    pods: [pod('p', { phase, initContainerStatuses: ended(...codes) ?? [] })],
  });
  expect(
    differences(
      succeededPod('p', ['i0', 'i1']),
      state('Succeeded', 0, 0),
      state('Pending'),
      state('Succeeded', 0, 3),
      state('Succeeded', 0),
      {},
    ),
  ).toEqual([undefined, 'Pending', 'i1 ended with 3', 'i1 ended with no exit code', 'no such Pod']);
});

describe('a refusal', () => {
  const expectation = refusedPod('p', 'Not', 'spec.x');
  const good: Partial<Observed> = { pods: [refused('p', 'Not', 'spec.x')], events: [warning('p', 'Not')] };
  const started = { name: 'main', image: '', imageID: '', ready: false, restartCount: 0 };

  test.each<[string | undefined, Partial<Observed>]>([
    [undefined, good],
    ['no such Pod', { pods: [] }],
    ['p is Pending', { pods: [pod('p', undefined)] }],
    ['the reason of p is Other', { pods: [refused('p', 'Other', 'spec.x')] }],
    ['the message of p is "Pod was rejected: spec.y: no"', { pods: [refused('p', 'Not', 'spec.y')] }],
    ['there is no Warning Event Not about p', { events: [warning('q', 'Not'), warning('p', 'Other')] }],
    ['there is no Warning Event Not about p', { events: [{ ...warning('p', 'Not'), type: 'Normal' }] }],
    ['p has an instance', { instances: new Set(['p']) }],
    [
      'p has container statuses, as if something had run',
      {
        pods: [
          pod('p', { phase: 'Failed', reason: 'Not', message: 'spec.x: no', containerStatuses: [started] }),
        ],
      },
    ],
  ])('%s', (difference, state) => {
    expect(expectation.difference(observed({ ...good, ...state }))).toBe(difference);
  });

  test('of a DaemonSet is that of any of its Pods, those that are gone too', () => {
    const ofSet = refusedDaemonSet('d', 'Not', 'metadata.ownerReferences[0]');
    const gone = refused('d-1', 'Not', 'metadata.ownerReferences[0]', 'DaemonSet/d');
    const next = pod('d-2', { phase: 'Pending' }, 'DaemonSet/d');
    const state = { pods: [next], gonePods: [gone], events: [warning('d-1', 'Not')] };
    expect(
      differences(ofSet, state, { ...state, events: [] }, { ...state, instances: new Set(['d-1']) }, {}),
    ).toEqual([undefined, 'd-2 is Pending', 'd-2 is Pending', 'no Pod of it']);
  });
});

test('results are one line each, and only all of them are enough', () => {
  const two = [completeJob('a'), completeJob('b')];
  const half = observed({ jobs: [job('a', 'Complete'), job('b')] });
  expect(resultLines(two, half)).toEqual([
    'ok Job a: Complete',
    'not ok Job b: expected Complete; observed not complete',
  ]);
  expect(allMet(two, half)).toBe(false);
  expect(allMet(two, observed({ jobs: [job('a', 'Complete'), job('b', 'Complete')] }))).toBe(true);
});

test('nothing of the demo is as expected before it begins', () => {
  expect(resultLines(expectations, observed()).filter((line) => !line.startsWith('not ok '))).toEqual([]);
});
