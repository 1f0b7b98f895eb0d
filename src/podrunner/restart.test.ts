import { describe, expect, it } from 'vitest';
import type { RuntimeContainer } from '../../providers/contract/index.ts';
import { goDuration, restartDelayMs } from './restart.ts';
import { Harness } from './testing/harness.ts';
import { container } from './testing/specs.ts';

const t0 = Date.UTC(2026, 0, 1);

function exited(run: number, startSeconds: number, endSeconds: number, reason = 'Error'): RuntimeContainer {
  const time = (seconds: number): string => new Date(t0 + seconds * 1000).toISOString();
  const result = {
    kind: 'terminated',
    exitCode: 1,
    reason,
    message: '',
    startedAt: time(startSeconds),
    finishedAt: time(endSeconds),
    containerId: `c${run}`,
  } as const;
  return { id: `c${run}`, name: 'c', run, image: 'i', imageId: '', state: { kind: 'exited', result } };
}

describe('restartDelayMs', () => {
  it.each([
    ['the first crash', exited(0, 0, 1), undefined, 0],
    ['the second, restarted at once', exited(1, 1, 2), exited(0, 0, 1), 10],
    ['after a pause of 10 s', exited(2, 12, 13), exited(1, 1, 2), 20],
    ['a pause measured a little short', exited(2, 11.9, 13), exited(1, 1, 2), 20],
    ['after a pause of 160 s', exited(9, 170, 180), exited(8, 0, 10), 300],
    ['at the cap', exited(20, 310, 320), exited(19, 0, 10), 300],
    ['a long run before the crash', exited(7, 0, 601), exited(6, -400, -300), 0],
    ['a long run before the previous crash', exited(8, 601, 602), exited(7, 0, 601), 10],
    ['a daemon that was away for an hour', exited(1, 3600, 3601), exited(0, 0, 1), 10],
    ['a previous run that is lost', exited(3, 0, 1), undefined, 40],
    ['a start time from the year 1', exited(1, -6e10, 1, 'StartError'), exited(0, 0, 1), 10],
  ])('%s', (_name, last, previous, seconds) => {
    expect(restartDelayMs(last, previous)).toBe(seconds * 1000);
  });
});

it('prints durations as Go does', () => {
  expect([10, 40, 80, 160, 300].map((seconds) => goDuration(seconds * 1000))).toEqual([
    '10s',
    '40s',
    '1m20s',
    '2m40s',
    '5m0s',
  ]);
});

describe('rules by exit code', () => {
  it.each([
    ['In', [42], 42, true],
    ['In', [42], 1, false],
    ['NotIn', [0, 3], 1, true],
    ['NotIn', [0, 3], 3, false],
  ] as const)('%s %j, ended with %d', async (operator, exitCodes, exitCode, again) => {
    const app = container('app', { restartPolicy: 'Never', restartRules: [{ operator, exitCodes }] });
    const pod = new Harness({ containers: [app, container('other')] });
    await pod.create();
    pod.runtime.exit('app', exitCode);
    await pod.seconds(1);
    expect(pod.runtime.live).toEqual(again ? ['other/0', 'app/1'] : ['other/0']);
  });
});

describe('a crash loop', () => {
  it('takes the pauses of the kubelet', async () => {
    const pod = new Harness();
    pod.runtime.behave = () => ({ exitCode: 1, afterMs: 1000 });
    await pod.create();
    await pod.seconds(1300);
    const starts = pod.calls('start').map((call) => Number(call.split(' ')[0]));
    const pauses = starts.slice(1).map((at, index) => at - (starts[index] ?? 0) - 1);
    expect(pauses).toEqual([0, 10, 20, 40, 80, 160, 300, 300, 300]);
  });

  it('is told in the status, with the last run in lastState', async () => {
    const pod = new Harness();
    pod.runtime.behave = () => ({ exitCode: 1, afterMs: 1000 });
    await pod.create();
    await pod.seconds(2.5);
    expect(pod.container('app')).toMatchObject({
      state: {
        kind: 'waiting',
        reason: 'CrashLoopBackOff',
        message: 'back-off 10s restarting failed container=app pod=p_ns(uid-1)',
      },
      lastState: { kind: 'terminated', exitCode: 1 },
      restartCount: 1,
      started: false,
      ready: false,
    });
    await pod.seconds(10);
    expect(pod.container('app')).toMatchObject({
      state: { kind: 'running' },
      lastState: { containerId: expect.stringMatching(/^app-1-/) },
      restartCount: 2,
    });
  });

  it('leaves the ended run visible while it is restarted at once', async () => {
    const pod = new Harness();
    pod.runtime.before = (text) => (text === 'start app/1' ? new Promise(() => {}) : undefined);
    await pod.create();
    pod.runtime.exit('app', 9);
    await pod.seconds(1);
    expect(pod.container('app')).toMatchObject({
      state: { kind: 'terminated', exitCode: 9 },
      restartCount: 0,
    });
  });

  it('begins anew after a run of more than 10 minutes', async () => {
    const pod = new Harness();
    pod.runtime.behave = (_name, run) => ({ exitCode: 1, afterMs: run === 3 ? 700_000 : 1000 });
    await pod.create();
    await pod.seconds(800);
    expect(pod.calls('start').slice(3)).toEqual([
      '33 start app/3',
      '733 start app/4',
      '744 start app/5',
      '765 start app/6',
    ]);
  });

  it('keeps the last two runs and removes the older ones', async () => {
    const pod = new Harness();
    pod.runtime.behave = () => ({ exitCode: 1, afterMs: 1000 });
    await pod.create();
    await pod.seconds(40);
    expect(pod.runtime.state('sandbox-1').containers.map(({ run }) => run)).toEqual([2, 3]);
    expect(pod.calls('remove')).toEqual(['12 remove app/0', '33 remove app/1']);
  });

  it('is the same across a restart of the daemon', async () => {
    const pod = new Harness();
    pod.runtime.behave = () => ({ exitCode: 1, afterMs: 1000 });
    await pod.create();
    await pod.seconds(40);
    await pod.restart();
    await pod.adopt();
    await pod.seconds(200);
    expect(pod.calls('start').slice(3)).toEqual(['33 start app/3', '74 start app/4', '155 start app/5']);
  });
});
