import { describe, expect, it } from 'vitest';
import { Harness } from './testing/harness.ts';
import { container, probe } from './testing/specs.ts';

const hooked = container('app', {
  postStart: { kind: 'exec', command: ['warm'] },
  readinessProbe: probe('r'),
});

describe('postStart', () => {
  it('holds back Running, the probes and the next container', async () => {
    const pod = new Harness({ containers: [hooked, container('next')] });
    let end = (_code: number): void => {};
    pod.runtime.answer = ([command]) =>
      command === 'warm'
        ? new Promise((resolve) => {
            end = resolve;
          })
        : Promise.resolve(0);
    await pod.create();
    await pod.seconds(20);
    expect(pod.stateOf('app')).toBe('ContainerCreating');
    expect(pod.instance.phase).toBe('Running');
    expect(pod.calls('start', 'exec')).toEqual(['0 start app/0', '0 exec app/0 warm']);
    end(0);
    await pod.seconds(1);
    expect(pod.stateOf('app')).toBe('Running');
    expect(pod.container('app').ready).toBe(true);
    expect(pod.calls('start next')).toEqual(['20 start next/0']);
  });

  it('that fails kills the container, says so, and lets the next one start', async () => {
    const pod = new Harness({ containers: [hooked, container('next')] });
    pod.runtime.behave = (name) => (name === 'app' ? { onTermMs: 3000 } : {});
    pod.runtime.answer = async () => 4;
    await pod.create();
    await pod.seconds(2);
    expect(pod.container('app')).toMatchObject({
      state: { reason: 'PostStartHookError', message: 'PostStartHook failed: command exited with 4' },
      started: false,
      ready: false,
    });
    await pod.seconds(10);
    expect(pod.calls('start', 'stop').slice(0, 5)).toEqual([
      '0 start app/0',
      '0 start next/0',
      '0 stop app/0 30s',
      '3 start app/1',
      '3 stop app/1 30s',
    ]);
    expect(pod.stateOf('app')).toBe('CrashLoopBackOff');
  });

  it('goes on when the node repeats its create', async () => {
    const pod = new Harness({ containers: [hooked] });
    pod.runtime.answer = () => new Promise(() => {});
    await pod.create();
    await pod.create();
    expect(pod.stateOf('app')).toBe('ContainerCreating');
    expect(pod.calls('exec')).toHaveLength(1);
  });

  it('runs for every run, and is called off by a stop', async () => {
    const pod = new Harness({ containers: [hooked] });
    await pod.create();
    pod.runtime.exit('app', 1);
    await pod.seconds(1);
    expect(pod.calls('exec app/0 warm', 'exec app/1 warm')).toHaveLength(2);
    let calledOff = false;
    pod.runtime.answer = (_command, _name, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          calledOff = true;
          reject(signal.reason);
        });
      });
    pod.runtime.exit('app', 1);
    await pod.seconds(11);
    await pod.stop(5);
    await pod.seconds(1);
    expect(calledOff).toBe(true);
    expect(pod.instance.phase).toBe('Stopped');
  });
});
