import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { ContainerRuntime } from '../../providers/contract/index.ts';
import { FakeClock } from '../telemetry/fake-clock.ts';
import { silentLog } from '../telemetry/log.ts';
import { createPodRunner } from './create-pod-runner.ts';
import { FakeRuntime } from './testing/fake-runtime.ts';
import { Harness, never } from './testing/harness.ts';
import { container } from './testing/specs.ts';

const request = { command: ['cat'], tty: false };

describe('exec, attach and portForward', () => {
  it('reach the run that is current', async () => {
    const pod = new Harness({ containers: [container('app'), container('web')] });
    await pod.create();
    pod.runtime.exit('app', 1);
    await pod.seconds(1);
    pod.runtime.answer = async () => 3;
    const stdin = new PassThrough();
    const stdout = new PassThrough();
    const code = pod.provider.exec?.(pod.instance.ref, 'app', request, { stdin, stdout }, never);
    stdin.end('hello');
    expect(await code).toBe(3);
    expect(String(stdout.read())).toBe('hello');
    await pod.provider.attach?.(pod.instance.ref, 'web', { stdout }, never);
    expect(String(stdout.read())).toBe('output of web');
    await pod.provider.portForward?.(pod.instance.ref, 8080, new PassThrough(), never);
    expect(pod.calls('exec', 'attach', 'forward')).toEqual([
      '1 exec app/1 cat',
      '1 attach web/0',
      '1 forward sandbox-1 8080',
    ]);
  });

  it('say what the kubelet says of a container that does not run', async () => {
    const pod = new Harness({ restartPolicy: 'Never', containers: [container('app'), container('web')] });
    await pod.create();
    pod.runtime.exit('app', 0);
    await pod.seconds(1);
    for (const name of ['app', 'none'])
      for (const call of [
        pod.provider.exec?.(pod.instance.ref, name, request, {}, never),
        pod.provider.attach?.(pod.instance.ref, name, {}, never),
      ])
        await expect(call).rejects.toMatchObject({
          kind: 'NotFound',
          message: `container not found ("${name}")`,
        });
    await expect(
      pod.provider.portForward?.({ id: 'x', podUid: 'y' }, 1, new PassThrough(), never),
    ).rejects.toMatchObject({ kind: 'NotFound' });
  });

  it('attach and portForward are there exactly when the runtime has them', () => {
    const clock = new FakeClock();
    const runtime = new FakeRuntime(clock);
    const options = { clock, random: () => 0.5, log: silentLog };
    const names = ['attach', 'portForward'] as const;
    const provider = createPodRunner({ ...options, runtime });
    const poor = createPodRunner({ ...options, runtime: bare(runtime) });
    expect(names.map((name) => typeof provider[name])).toEqual(['function', 'function']);
    expect(names.filter((name) => name in poor)).toEqual([]);
  });
});

/** Only what every runtime has. */
function bare(runtime: FakeRuntime): ContainerRuntime {
  return {
    name: runtime.name,
    capabilities: () => runtime.capabilities(),
    capacity: () => runtime.capacity(),
    createSandbox: (...args) => runtime.createSandbox(...args),
    startContainer: (...args) => runtime.startContainer(...args),
    stopContainer: (...args) => runtime.stopContainer(...args),
    removeContainer: (...args) => runtime.removeContainer(...args),
    removeSandbox: (...args) => runtime.removeSandbox(...args),
    exec: (...args) => runtime.exec(...args),
    list: (...args) => runtime.list(...args),
    observe: (...args) => runtime.observe(...args),
    logs: (sandbox, container) => runtime.logs(sandbox, container),
    stats: (scope) => runtime.stats(scope),
  };
}
