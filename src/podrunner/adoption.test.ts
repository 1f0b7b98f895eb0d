import { describe, expect, it } from 'vitest';
import { Harness } from './testing/harness.ts';
import { container, probe, sidecar } from './testing/specs.ts';

describe('after a restart of the daemon', () => {
  it('a sandbox is only looked at until it is adopted', async () => {
    const pod = new Harness();
    await pod.create();
    await pod.restart();
    expect(pod.instance).toMatchObject({
      phase: 'Running',
      owner: pod.spec.owner,
      containers: [{ name: 'app', state: { kind: 'running' }, restartCount: 0 }],
    });
    pod.runtime.exit('app', 1);
    await pod.seconds(100);
    expect(pod.instance).toMatchObject({ phase: 'Running', containers: [{ state: { exitCode: 1 } }] });
    expect(pod.calls('start')).toHaveLength(1);
    await pod.adopt();
    expect(pod.runtime.live).toEqual(['app/1']);
  });

  it('an empty sandbox is filled', async () => {
    const pod = new Harness();
    pod.daemon.dieAtCall(2, false);
    void pod.create();
    await pod.seconds(1);
    await pod.restart();
    expect(pod.instance.phase).toBe('Pending');
    await pod.adopt();
    expect(pod.runtime.live).toEqual(['app/0']);
    expect(pod.runtime.state('sandbox-1').containers).toHaveLength(1);
  });

  it('init goes on where it was', async () => {
    const pod = new Harness({ initContainers: [container('one'), sidecar('proxy'), container('two')] });
    await pod.create();
    pod.runtime.exit('one', 0);
    await pod.seconds(1);
    await pod.restart();
    await pod.adopt();
    expect(pod.calls('start')).toEqual(['0 start one/0', '0 start proxy/0', '0 start two/0']);
    pod.runtime.exit('two', 0);
    await pod.seconds(1);
    expect(pod.runtime.live).toEqual(['proxy/0', 'app/0']);
    expect(pod.instance.containers.map(({ name }) => name)).toEqual(['one', 'proxy', 'two', 'app']);
  });

  it('a Pod that had ended stays ended', async () => {
    const pod = new Harness({ restartPolicy: 'Never', initContainers: [sidecar('proxy')] });
    await pod.create();
    pod.runtime.exit('app', 2);
    await pod.seconds(40);
    await pod.restart();
    await pod.adopt();
    expect(pod.instance.phase).toBe('Stopped');
    expect(pod.container('app').state).toMatchObject({ exitCode: 2 });
    expect(pod.runtime.live).toEqual([]);
  });

  it('a Pod whose work ended meanwhile gives its sidecars the whole grace period', async () => {
    const pod = new Harness({ restartPolicy: 'Never', initContainers: [sidecar('proxy')] });
    await pod.create();
    pod.daemon.kill();
    pod.runtime.exit('app', 0);
    await pod.seconds(500);
    await pod.restart();
    await pod.adopt();
    expect(pod.calls('stop')).toEqual(['500 stop proxy/0 30s']);
    await pod.seconds(1);
    expect(pod.instance.phase).toBe('Stopped');
  });

  it('a stop is taken up again without the spec, and holds when the spec comes', async () => {
    const pod = new Harness({
      containers: [container('app', { preStop: { kind: 'exec', command: ['too late'] } })],
    });
    pod.runtime.behave = () => ({ onTermMs: 8000 });
    await pod.create();
    await pod.restart();
    await pod.stop(10);
    expect(pod.instance.phase).toBe('Stopping');
    expect(pod.calls('stop')).toEqual(['0 stop app/0 10s']);
    await pod.adopt();
    await pod.seconds(60);
    expect(pod.instance.phase).toBe('Stopped');
    expect(pod.calls('start', 'exec')).toHaveLength(1);
  });

  it('stopped and adopted in one turn, a Pod gets its hooks and no restarts', async () => {
    const pod = new Harness({
      containers: [container('app', { preStop: { kind: 'sleep', seconds: 2 } }), container('ended')],
    });
    await pod.create();
    pod.daemon.kill();
    pod.runtime.exit('ended', 1);
    await pod.restart();
    await Promise.all([pod.stop(10), pod.adopt()]);
    await pod.seconds(20);
    expect(pod.calls('stop', 'start')).toEqual(['0 start app/0', '0 start ended/0', '2 stop app/0 8s']);
  });

  it('delete works without the spec', async () => {
    const pod = new Harness();
    await pod.create();
    await pod.restart();
    await pod.provider.delete(pod.instance.ref, new AbortController().signal);
    expect(pod.runtime.live).toEqual([]);
    expect(pod.events.at(-1)).toEqual({ type: 'gone', ref: pod.instance.ref });
  });

  it('readiness is asked for anew, or kept when the node says what it was', async () => {
    const spec = {
      containers: [
        container('app', { startupProbe: probe('s'), readinessProbe: probe('r'), livenessProbe: probe('l') }),
      ],
    };
    const forgotten = new Harness(spec);
    await forgotten.create();
    await forgotten.restart();
    forgotten.runtime.answer = () => new Promise(() => {});
    await forgotten.adopt();
    expect(forgotten.container('app')).toMatchObject({ started: false, ready: false });

    const told = new Harness(spec);
    await told.create();
    const previous = told.instance.containers;
    await told.restart();
    const before = told.runtime.calls.length;
    await told.adopt(previous);
    expect(told.container('app')).toMatchObject({ started: true, ready: true });
    expect(told.runtime.calls).toHaveLength(before);
    told.runtime.answer = async ([command]) => (command === 'r' ? 1 : 0);
    await told.seconds(25);
    expect(told.calls('exec app/0 r').slice(1)).toEqual([5, 15, 25].map((at) => `${at} exec app/0 r`));
    expect(told.container('app')).toMatchObject({ started: true, ready: false });
  });

  it('postStart is not run again for a run that was there', async () => {
    const pod = new Harness({
      containers: [container('app', { postStart: { kind: 'exec', command: ['warm'] } })],
    });
    await pod.create();
    await pod.restart();
    await pod.adopt();
    await pod.seconds(10);
    expect(pod.calls('exec')).toHaveLength(1);
    expect(pod.stateOf('app')).toBe('Running');
  });
});
