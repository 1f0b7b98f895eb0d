import { describe, expect, it } from 'vitest';
import { Harness } from './testing/harness.ts';
import { container, probe, sidecar } from './testing/specs.ts';

describe('init containers', () => {
  it('run one by one, then the regular ones in order', async () => {
    const pod = new Harness({
      initContainers: [container('one'), container('two')],
      containers: [container('app'), container('helper')],
    });
    await pod.create();
    expect(pod.stateOf('two')).toBe('PodInitializing');
    expect(pod.stateOf('app')).toBe('PodInitializing');
    expect(pod.instance.phase).toBe('Running');
    await pod.seconds(5);
    pod.runtime.exit('one', 0);
    await pod.seconds(5);
    pod.runtime.exit('two', 0);
    await pod.seconds(1);
    expect(pod.calls('start')).toEqual([
      '0 start one/0',
      '5 start two/0',
      '10 start app/0',
      '10 start helper/0',
    ]);
    expect(pod.instance.containers.map(({ kind }) => kind)).toEqual(['init', 'init', 'regular', 'regular']);
    expect(pod.container('app')).toMatchObject({ started: true, ready: true, restartCount: 0 });
  });

  it('are restarted with back-off when they fail', async () => {
    const pod = new Harness({ initContainers: [container('init')], restartPolicy: 'OnFailure' });
    pod.runtime.behave = (name, run) => (name === 'init' ? { exitCode: run < 2 ? 1 : 0 } : {});
    await pod.create();
    await pod.seconds(5);
    expect(pod.container('init')).toMatchObject({
      state: { reason: 'CrashLoopBackOff' },
      restartCount: 1,
    });
    await pod.seconds(10);
    expect(pod.calls('start')).toEqual([
      '0 start init/0',
      '0 start init/1',
      '10 start init/2',
      '10 start app/0',
    ]);
  });

  it('end the Pod when they fail and restartPolicy is Never, sidecars included', async () => {
    const pod = new Harness({
      initContainers: [sidecar('proxy'), container('init')],
      restartPolicy: 'Never',
    });
    pod.runtime.behave = (name) => (name === 'init' ? { exitCode: 3, afterMs: 1000 } : {});
    await pod.create();
    await pod.seconds(2);
    expect(pod.instance.phase).toBe('Stopped');
    expect(pod.container('init').state).toMatchObject({ kind: 'terminated', exitCode: 3 });
    expect(pod.container('proxy').state).toMatchObject({ kind: 'terminated', exitCode: 143 });
    expect(pod.stateOf('app')).toBe('PodInitializing');
    expect(pod.calls('start app')).toEqual([]);
  });
});

describe('sidecars', () => {
  it('let the next one begin once they have started, startup probe included', async () => {
    const pod = new Harness({
      initContainers: [
        sidecar('proxy', { startupProbe: probe('up', { periodSeconds: 2, failureThreshold: 10 }) }),
        container('init'),
      ],
    });
    let up = false;
    pod.runtime.answer = async () => (up ? 0 : 1);
    await pod.create();
    await pod.seconds(5);
    expect(pod.container('proxy')).toMatchObject({
      state: { kind: 'running' },
      started: false,
      ready: false,
    });
    up = true;
    await pod.seconds(1);
    expect(pod.calls('start')).toEqual(['0 start proxy/0', '6 start init/0']);
    expect(pod.container('proxy')).toMatchObject({ started: true, ready: true });
  });

  it('are restarted beside what was reached already, whatever the restartPolicy of the Pod', async () => {
    const pod = new Harness({
      initContainers: [sidecar('proxy'), container('init')],
      restartPolicy: 'Never',
    });
    await pod.create();
    pod.runtime.exit('proxy', 0);
    await pod.seconds(1);
    expect(pod.runtime.live).toEqual(['init/0', 'proxy/1']);
    pod.runtime.exit('init', 0);
    await pod.seconds(1);
    pod.runtime.exit('proxy', 1);
    await pod.seconds(20);
    expect(pod.runtime.live).toEqual(['app/0', 'proxy/2']);
    expect(pod.instance.phase).toBe('Running');
  });

  it('stop in reverse order after the last regular container has ended for good', async () => {
    const pod = new Harness({
      initContainers: [sidecar('log'), sidecar('proxy')],
      restartPolicy: 'OnFailure',
    });
    pod.runtime.behave = (name) => (name === 'proxy' ? { onTermMs: 3000 } : {});
    await pod.create();
    await pod.seconds(10);
    pod.runtime.exit('app', 0);
    await pod.seconds(5);
    expect(pod.calls('stop')).toEqual(['10 stop proxy/0 30s', '13 stop log/0 27s']);
    expect(pod.instance.phase).toBe('Stopped');
    expect(pod.container('app').state).toMatchObject({ exitCode: 0 });
    const phases = pod.events.map((event) => (event.type === 'changed' ? event.instance.phase : 'gone'));
    expect(phases).not.toContain('Stopping');
  });
});

describe('regular containers', () => {
  it('do not wait for the back-off of those before them', async () => {
    const pod = new Harness({ containers: [container('bad'), container('good')] });
    pod.runtime.behave = (name) => (name === 'bad' ? { exitCode: 1 } : {});
    await pod.create();
    await pod.seconds(5);
    expect(pod.stateOf('bad')).toBe('CrashLoopBackOff');
    expect(pod.runtime.live).toEqual(['good/0']);
  });

  it.each([
    ['Always', 0, 'app/1'],
    ['Always', 1, 'app/1'],
    ['OnFailure', 1, 'app/1'],
    ['OnFailure', 0, undefined],
    ['Never', 1, undefined],
  ] as const)('with restartPolicy %s and exit code %i continue as %s', async (restartPolicy, code, live) => {
    const pod = new Harness({ restartPolicy });
    await pod.create();
    pod.runtime.exit('app', code);
    await pod.seconds(1);
    expect(pod.runtime.live[0]).toBe(live);
    expect(pod.instance.phase).toBe(live === undefined ? 'Stopped' : 'Running');
    if (live === undefined) expect(pod.container('app').state).toMatchObject({ exitCode: code });
  });

  it('have a restartPolicy of their own when the spec gives one', async () => {
    const pod = new Harness({
      restartPolicy: 'Always',
      containers: [container('once', { restartPolicy: 'Never' }), container('app')],
    });
    await pod.create();
    pod.runtime.exit('once', 1);
    await pod.seconds(60);
    expect(pod.runtime.live).toEqual(['app/0']);
    expect(pod.stateOf('once')).toBe('Error');
  });
});
