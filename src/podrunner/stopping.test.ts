import { describe, expect, it } from 'vitest';
import { Harness } from './testing/harness.ts';
import { container, probe, sidecar } from './testing/specs.ts';

const hook = { kind: 'exec', command: ['drain'] } as const;

describe('stop', () => {
  it('sends SIGTERM to all regular containers at once and restarts nothing', async () => {
    const pod = new Harness({ containers: [container('a'), container('b')] });
    pod.runtime.behave = (name) => (name === 'b' ? { onTermMs: 4000, termExitCode: 0 } : {});
    await pod.create();
    await pod.stop(30);
    expect(pod.instance.phase).toBe('Stopping');
    await pod.seconds(60);
    expect(pod.calls('stop', 'start')).toEqual([
      '0 start a/0',
      '0 start b/0',
      '0 stop b/0 30s',
      '0 stop a/0 30s',
    ]);
    expect(pod.instance.phase).toBe('Stopped');
    expect(pod.container('a').state).toMatchObject({ exitCode: 143 });
    expect(pod.container('b').state).toMatchObject({ exitCode: 0 });
  });

  it('lets sidecars live until the regular ones are gone, their hooks run at once', async () => {
    const pod = new Harness({ initContainers: [sidecar('log'), sidecar('proxy', { preStop: hook })] });
    pod.runtime.behave = (name) => (name === 'app' ? { onTermMs: 5000 } : {});
    await pod.create();
    await pod.stop(30);
    await pod.seconds(10);
    expect(pod.calls('stop', 'exec')).toEqual([
      '0 stop app/0 30s',
      '0 exec proxy/0 drain',
      '5 stop proxy/0 25s',
      '5 stop log/0 25s',
    ]);
    expect(pod.instance.phase).toBe('Stopped');
  });

  it('stops sidecars at the deadline when the regular ones hang', async () => {
    const pod = new Harness({ initContainers: [sidecar('log')] });
    pod.runtime.behave = (name) => (name === 'app' ? { onTermMs: 'never' } : {});
    await pod.create();
    await pod.stop(10);
    await pod.seconds(13);
    expect(pod.calls('stop log')).toEqual(['10 stop log/0 2s']);
    expect(pod.container('app').state).toMatchObject({ exitCode: 137 });
    expect(pod.instance.phase).toBe('Stopped');
  });

  it('runs preStop inside the grace period and leaves at least two seconds', async () => {
    const quick = new Harness({ containers: [container('app', { preStop: { kind: 'sleep', seconds: 4 } })] });
    await quick.create();
    await quick.stop(10);
    await quick.seconds(10);
    expect(quick.calls('stop')).toEqual(['4 stop app/0 6s']);

    const slow = new Harness({ containers: [container('app', { preStop: hook })] });
    slow.runtime.answer = () => new Promise(() => {});
    await slow.create();
    await slow.stop(10);
    await slow.seconds(15);
    expect(slow.calls('stop')).toEqual(['10 stop app/0 2s']);
    expect(slow.instance.phase).toBe('Stopped');
  });

  it('goes on when preStop fails', async () => {
    const pod = new Harness({ containers: [container('app', { preStop: hook })] });
    pod.runtime.answer = async () => 1;
    await pod.create();
    await pod.stop(10);
    await pod.seconds(1);
    expect(pod.calls('stop')).toEqual(['0 stop app/0 10s']);
  });

  it('may be shortened by a second request, not prolonged', async () => {
    const pod = new Harness();
    pod.runtime.behave = () => ({ onTermMs: 'never' });
    await pod.create();
    await pod.stop(100);
    await pod.seconds(10);
    await pod.stop(5);
    await pod.stop(500);
    await pod.seconds(10);
    expect(pod.calls('stop')).toEqual(['0 stop app/0 100s', '10 stop app/0 5s']);
    expect(pod.instance.phase).toBe('Stopped');
  });

  it('cuts a hook short that was begun with more time', async () => {
    const pod = new Harness({ containers: [container('app', { preStop: { kind: 'sleep', seconds: 90 } })] });
    await pod.create();
    await pod.stop(100);
    await pod.seconds(1);
    await pod.stop(3);
    await pod.stop(500);
    await pod.seconds(10);
    expect(pod.calls('stop')).toEqual(['4 stop app/0 2s']);
  });

  it('during init starts nothing more', async () => {
    const pod = new Harness({ initContainers: [container('init')] });
    pod.runtime.behave = () => ({ termExitCode: 0 });
    await pod.create();
    await pod.stop(30);
    await pod.seconds(60);
    expect(pod.calls('start')).toEqual(['0 start init/0']);
    expect(pod.instance.phase).toBe('Stopped');
    expect(pod.stateOf('app')).toBe('PodInitializing');
  });

  it('in a back-off ends at once and shows how the last run ended', async () => {
    const pod = new Harness();
    pod.runtime.behave = () => ({ exitCode: 7 });
    await pod.create();
    await pod.seconds(1);
    expect(pod.stateOf('app')).toBe('CrashLoopBackOff');
    await pod.stop(30);
    expect(pod.instance.phase).toBe('Stopped');
    expect(pod.container('app').state).toMatchObject({ kind: 'terminated', exitCode: 7 });
    await pod.seconds(600);
    expect(pod.calls('start')).toHaveLength(2);
  });

  it('calls a start off, and stops what came of it all the same', async () => {
    const pod = new Harness();
    let goOn = (): void => {};
    pod.runtime.before = (text) =>
      text.startsWith('start')
        ? new Promise<void>((resolve) => {
            goOn = resolve;
          })
        : undefined;
    await pod.create();
    await pod.stop(30);
    expect(pod.instance.phase).toBe('Stopping');
    goOn();
    await pod.seconds(1);
    expect(pod.instance.phase).toBe('Stopped');
    expect(pod.runtime.live).toEqual([]);
    expect(pod.calls('start', 'list').slice(-1)).toEqual(['0 list']);
  });

  it('is repeated when the runtime fails', async () => {
    const pod = new Harness();
    await pod.create();
    let failures = 2;
    pod.runtime.before = (text) => {
      if (text.startsWith('stop') && failures-- > 0) throw new Error('socket hang up');
    };
    await pod.stop(30);
    await pod.seconds(5);
    expect(pod.calls('stop')).toEqual(['0 stop app/0 30s', '0.75 stop app/0 30s', '2.25 stop app/0 28s']);
    expect(pod.instance.phase).toBe('Stopped');
  });

  it('ends liveness probing at once and goes on asking for readiness', async () => {
    const pod = new Harness({
      containers: [container('app', { livenessProbe: probe('live'), readinessProbe: probe('ready') })],
    });
    pod.runtime.behave = () => ({ onTermMs: 25_000 });
    await pod.create();
    await pod.seconds(5);
    await pod.stop(30);
    await pod.seconds(30);
    expect(pod.calls('exec app/0 live')).toEqual(['0 exec app/0 live']);
    expect(pod.calls('exec app/0 ready')).toHaveLength(3);
  });
});
