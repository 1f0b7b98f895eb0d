import { describe, expect, it } from 'vitest';
import { ProviderError } from '../../providers/contract/index.ts';
import { settle } from '../telemetry/fake-clock.ts';
import { Harness, never } from './testing/harness.ts';
import { container, sidecar } from './testing/specs.ts';

async function debug(pod: Harness, extra: Parameters<typeof container>[1] = {}): Promise<void> {
  await pod.provider.addContainer?.(pod.instance.ref, container('debug', extra), never);
  await settle();
}

describe('an ephemeral container', () => {
  it('runs once beside the others and is never restarted', async () => {
    const pod = new Harness();
    await pod.create();
    await debug(pod);
    expect(pod.instance.containers.at(-1)).toMatchObject({
      ...{ name: 'debug', kind: 'ephemeral', image: 'example/debug', restartCount: 0, ready: false },
      state: { kind: 'running' },
    });
    pod.runtime.exit('debug', 3);
    await pod.seconds(1000);
    expect(pod.container('debug').state).toMatchObject({ kind: 'terminated', exitCode: 3 });
    expect(pod.instance.phase).toBe('Running');
    expect(pod.calls('start')).toEqual(['0 start app/0', '0 start debug/0']);
  });

  it('is added once, however often it is asked for', async () => {
    const pod = new Harness();
    await pod.create();
    await Promise.all([debug(pod), debug(pod)]);
    pod.runtime.exit('debug', 0);
    await debug(pod, { command: ['other'] });
    await pod.seconds(10);
    expect(pod.calls('start debug')).toHaveLength(1);
  });

  it('does not wait for init containers', async () => {
    const pod = new Harness({ initContainers: [container('init')] });
    await pod.create();
    await debug(pod);
    expect(pod.runtime.live).toEqual(['init/0', 'debug/0']);
    expect(pod.instance.containers.map(({ kind }) => kind)).toEqual(['init', 'regular', 'ephemeral']);
  });

  it('shows why it does not start and is tried again as a pull is', async () => {
    const pod = new Harness();
    await pod.create();
    pod.runtime.before = (text) => {
      if (text === 'start debug/0')
        throw new ProviderError('Retryable', 'no such image', { reason: 'ErrImagePull' });
    };
    await debug(pod);
    expect(pod.stateOf('debug')).toBe('ErrImagePull');
    await pod.seconds(6);
    expect(pod.container('debug').state).toMatchObject({
      reason: 'ImagePullBackOff',
      message: 'Back-off pulling image "example/debug": ErrImagePull: no such image',
    });
    expect(pod.instance.waiting).toBeUndefined();
    pod.runtime.before = () => {};
    await pod.seconds(4);
    expect(pod.stateOf('debug')).toBe('Running');
  });

  it('that cannot start has ended, as the kubelet says it', async () => {
    const pod = new Harness();
    pod.runtime.behave = (name) => (name === 'debug' ? { startError: 'no such file' } : {});
    await pod.create();
    await debug(pod);
    await pod.seconds(100);
    expect(pod.container('debug').state).toMatchObject({ reason: 'StartError', message: 'no such file' });
    expect(pod.calls('start debug')).toHaveLength(1);
  });

  it('waits for the container whose processes it is to see', async () => {
    const pod = new Harness({ initContainers: [container('init')] });
    await pod.create();
    await debug(pod, { targetContainer: 'app' });
    expect(pod.container('debug').state).toMatchObject({
      reason: 'CreateContainerConfigError',
      message: 'unable to find target container app',
    });
    pod.runtime.exit('init', 0);
    await pod.seconds(60);
    expect(pod.runtime.live).toEqual(['app/0', 'debug/0']);
    expect(pod.runtime.specs.get('debug')?.targetContainer).toBe('app');
  });

  it('ends with the Pod, and keeps neither it nor its sidecars', async () => {
    const pod = new Harness({ restartPolicy: 'Never', initContainers: [sidecar('proxy')] });
    pod.runtime.behave = (name) => (name === 'debug' ? { onTermMs: 'never' } : {});
    await pod.create();
    await debug(pod);
    pod.runtime.exit('app', 0);
    await pod.seconds(1);
    expect(pod.calls('stop').toSorted()).toEqual(['0 stop debug/0 30s', '0 stop proxy/0 30s']);
    expect(pod.instance.phase).toBe('Running');
    await pod.seconds(30);
    expect(pod.instance.phase).toBe('Stopped');
    expect(pod.container('debug').state).toMatchObject({ exitCode: 137 });
  });

  it('is stopped with all the others, and not begun any more', async () => {
    const pod = new Harness();
    await pod.create();
    await debug(pod);
    await pod.stop(10);
    await pod.provider.addContainer?.(pod.instance.ref, container('late'), never);
    await pod.seconds(1);
    expect(pod.calls('stop').toSorted()).toEqual(['0 stop app/0 10s', '0 stop debug/0 10s']);
    expect(pod.instance.phase).toBe('Stopped');
    expect(pod.runtime.live).toEqual([]);
  });

  it('is found again after a restart of the daemon, begun or not', async () => {
    const pod = new Harness();
    await pod.create();
    await debug(pod);
    await pod.restart();
    await pod.adopt();
    expect(pod.instance.containers.at(-1)).toMatchObject({ kind: 'ephemeral', state: { kind: 'running' } });
    await debug(pod);
    pod.runtime.exit('debug', 1);
    await pod.restart();
    await pod.adopt();
    await debug(pod);
    await pod.seconds(100);
    expect(pod.container('debug').state).toMatchObject({ kind: 'terminated', exitCode: 1 });
    expect(pod.calls('start debug')).toHaveLength(1);
  });

  it.each([false, true])('is not doubled by a death at its start (after the call: %s)', async (after) => {
    const pod = new Harness();
    await pod.create();
    pod.daemon.dieAtCall(1, after);
    await debug(pod);
    expect(pod.daemon.alive).toBe(false);
    await pod.restart();
    await pod.adopt();
    await debug(pod);
    await pod.seconds(10);
    expect(pod.runtime.live).toEqual(['app/0', 'debug/0']);
    expect(pod.runtime.violations).toEqual([]);
  });

  it('that nobody hands over after a restart still ends with the Pod', async () => {
    const pod = new Harness();
    await pod.create();
    await debug(pod);
    await pod.restart();
    await pod.adopt();
    await pod.stop(10);
    await pod.seconds(1);
    expect(pod.runtime.live).toEqual([]);
    expect(pod.instance.phase).toBe('Stopped');
  });
});
