import { describe, expect, it } from 'vitest';
import { Harness } from './testing/harness.ts';
import { container, probe } from './testing/specs.ts';

describe('readiness', () => {
  it('is false until the probe succeeds, and again after the threshold of failures', async () => {
    const pod = new Harness({
      containers: [container('app', { readinessProbe: probe('r', { initialDelaySeconds: 5 }) })],
    });
    let code = 0;
    pod.runtime.answer = async () => code;
    await pod.create();
    expect(pod.container('app')).toMatchObject({ started: true, ready: false });
    await pod.seconds(5);
    expect(pod.container('app').ready).toBe(true);
    code = 1;
    await pod.seconds(20);
    expect(pod.container('app').ready).toBe(true);
    await pod.seconds(10);
    expect(pod.container('app').ready).toBe(false);
    expect(pod.calls('exec')).toEqual([5, 15, 25, 35].map((at) => `${at} exec app/0 r`));
    expect(pod.runtime.live).toEqual(['app/0']);
  });

  it('needs the threshold of successes in a row', async () => {
    const pod = new Harness({
      containers: [
        container('app', { readinessProbe: probe('r', { successThreshold: 2, periodSeconds: 1 }) }),
      ],
    });
    const answers = [0, 1, 0, 0];
    pod.runtime.answer = async () => answers.shift() ?? 0;
    await pod.create();
    await pod.seconds(2);
    expect(pod.container('app').ready).toBe(false);
    await pod.seconds(1);
    expect(pod.container('app').ready).toBe(true);
  });

  it('is not changed by a probe that could not be made', async () => {
    const pod = new Harness({
      containers: [container('app', { readinessProbe: probe('r', { failureThreshold: 1 }) })],
    });
    await pod.create();
    expect(pod.container('app').ready).toBe(true);
    pod.runtime.answer = async () => {
      throw new Error('daemon busy');
    };
    await pod.seconds(60);
    expect(pod.container('app').ready).toBe(true);
  });
});

describe('liveness', () => {
  it('kills after the threshold with the grace of the probe, and restarts', async () => {
    const pod = new Harness({
      containers: [
        container('app', {
          livenessProbe: probe('l', { failureThreshold: 2, terminationGracePeriodSeconds: 5 }),
        }),
      ],
    });
    pod.runtime.behave = (_name, run) => (run === 0 ? { onTermMs: 'never' } : {});
    pod.runtime.answer = async () => (pod.runtime.live.includes('app/0') ? 1 : 0);
    await pod.create();
    await pod.seconds(60);
    expect(pod.calls('stop', 'start')).toEqual(['0 start app/0', '10 stop app/0 5s', '15 start app/1']);
    expect(pod.calls('exec app/0')).toHaveLength(2);
    expect(pod.container('app')).toMatchObject({ restartCount: 1, lastState: { exitCode: 137 } });
  });

  it('counts a time-out as a failure and obeys the back-off and the restartPolicy', async () => {
    const livenessProbe = probe('l', { failureThreshold: 1, periodSeconds: 2 });
    const pod = new Harness({ containers: [container('app', { livenessProbe })] });
    pod.runtime.answer = () => new Promise(() => {});
    await pod.create();
    await pod.seconds(15);
    expect(pod.calls('start')).toEqual(['0 start app/0', '1 start app/1', '12 start app/2']);

    const once = new Harness({ restartPolicy: 'Never', containers: [container('app', { livenessProbe })] });
    once.runtime.answer = async () => 1;
    await once.create();
    await once.seconds(60);
    expect(once.instance.phase).toBe('Stopped');
  });

  it('does not begin a probe before the last one has ended', async () => {
    const livenessProbe = probe('l', { timeoutSeconds: 5, periodSeconds: 1 });
    const pod = new Harness({ containers: [container('app', { livenessProbe })] });
    pod.runtime.answer = () => new Promise(() => {});
    await pod.create();
    await pod.seconds(9);
    expect(pod.calls('exec')).toEqual(['0 exec app/0 l', '5 exec app/0 l']);
  });
});

describe('startup', () => {
  it('holds the others back until it has passed', async () => {
    const pod = new Harness({
      containers: [
        container('app', {
          startupProbe: probe('s', { failureThreshold: 5 }),
          readinessProbe: probe('r'),
          livenessProbe: probe('l'),
        }),
      ],
    });
    pod.runtime.answer = async ([command]) =>
      command === 's' && pod.calls('exec app/0 s').length < 3 ? 1 : 0;
    await pod.create();
    await pod.seconds(15);
    expect(pod.container('app')).toMatchObject({ started: false, ready: false });
    await pod.seconds(5);
    expect(pod.container('app')).toMatchObject({ started: true, ready: true });
    expect(pod.calls('exec')).toEqual([
      '0 exec app/0 s',
      '10 exec app/0 s',
      '20 exec app/0 s',
      '20 exec app/0 r',
      '20 exec app/0 l',
    ]);
  });

  it('kills when it never passes', async () => {
    const pod = new Harness({ containers: [container('app', { startupProbe: probe('s') })] });
    pod.runtime.answer = async () => 1;
    await pod.create();
    await pod.seconds(21);
    expect(pod.calls('stop', 'start')).toEqual(['0 start app/0', '20 stop app/0 30s', '20 start app/1']);
  });
});
