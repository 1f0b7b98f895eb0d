import { describe, expect, it } from 'vitest';
import { ProviderError } from '../../providers/contract/index.ts';
import { Harness } from './testing/harness.ts';
import { container, probe } from './testing/specs.ts';

/** What was told, as `seconds: Reason message`. */
function listen(pod: Harness): string[] {
  const told: string[] = [];
  const began = pod.clock.now();
  pod.events.push = (...events) => {
    for (const event of events) {
      if (event.type !== 'notice') continue;
      const { reason, message, container: name } = event.notice;
      told.push(`${(pod.clock.now() - began) / 1000}: ${reason} ${message} [${name}]`);
    }
    return 0;
  };
  return told;
}

describe('what people are told', () => {
  it('a container starts, crashes and backs off, once each time', async () => {
    const pod = new Harness();
    const told = listen(pod);
    pod.runtime.behave = () => ({ exitCode: 1, afterMs: 1000 });
    await pod.create();
    await pod.seconds(13);
    const backOff = 'BackOff Back-off restarting failed container app in pod p_ns(uid-1) [app]';
    const started = 'Started Container started [app]';
    expect(told).toEqual([
      `0: ${started}`,
      `1: ${started}`,
      `2: ${backOff}`,
      `12: ${started}`,
      `13: ${backOff}`,
    ]);
  });

  it('a probe fails, and what follows from it', async () => {
    const liveness = probe('l', { failureThreshold: 2, initialDelaySeconds: 1, periodSeconds: 1 });
    const pod = new Harness({ containers: [container('app', { livenessProbe: liveness })] });
    const told = listen(pod);
    pod.runtime.answer = async () => 1;
    await pod.create();
    await pod.seconds(2);
    expect(told.slice(1, 4)).toEqual([
      '1: Unhealthy Liveness probe failed: command exited with 1 [app]',
      '2: Unhealthy Liveness probe failed: command exited with 1 [app]',
      '2: Killing Container app failed liveness probe, will be restarted [app]',
    ]);
  });

  it('a Pod is stopped: said once, before its hook', async () => {
    const preStop = { kind: 'exec', command: ['bye'] } as const;
    const pod = new Harness({ containers: [container('app', { preStop })] });
    pod.runtime.answer = async () => 1;
    const told = listen(pod);
    await pod.create();
    await pod.stop(10);
    await pod.stop(5);
    await pod.seconds(20);
    expect(told.slice(1)).toEqual([
      '0: Killing Stopping container app [app]',
      '0: FailedPreStopHook PreStopHook failed [app]',
    ]);
  });
});

it('a preStop hook that does not end in time, or whose container ends first, has failed', async () => {
  for (const endsBefore of [false, true]) {
    const pod = new Harness({
      containers: [container('app', { preStop: { kind: 'exec', command: ['bye'] } })],
    });
    pod.runtime.answer = (_command, _name, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    const told = listen(pod);
    await pod.create();
    await pod.stop(10);
    await pod.seconds(3);
    if (endsBefore) pod.runtime.exit('app', 0);
    await pod.seconds(20);
    expect(told.filter((line) => line.includes('FailedPreStopHook'))).toEqual([
      `${endsBefore ? 3 : 10}: FailedPreStopHook PreStopHook failed [app]`,
    ]);
  }
});

describe('an image that cannot be pulled', () => {
  it('shows its error, then that it waits, and is asked for after 10, 20, 40 s', async () => {
    const pod = new Harness();
    const told = listen(pod);
    pod.runtime.before = (text) => {
      if (text.startsWith('start'))
        throw new ProviderError('Retryable', 'no such manifest', { reason: 'ErrImagePull' });
    };
    await pod.create();
    expect(pod.container('app').state).toMatchObject({ reason: 'ErrImagePull', message: 'no such manifest' });
    await pod.seconds(5);
    const message = 'Back-off pulling image "example/app": ErrImagePull: no such manifest';
    expect(pod.container('app').state).toMatchObject({ reason: 'ImagePullBackOff', message });
    await pod.seconds(5);
    expect(pod.stateOf('app')).toBe('ErrImagePull');
    await pod.seconds(62);
    expect(pod.calls('start')).toEqual([
      '0 start app/0',
      '10 start app/0',
      '30 start app/0',
      '70 start app/0',
    ]);
    expect(told.slice(0, 3)).toEqual([
      '0: Failed Failed to pull image "example/app": no such manifest [app]',
      '0: Failed Error: ErrImagePull [app]',
      `5: BackOff ${message} [app]`,
    ]);
    pod.runtime.before = () => undefined;
    await pod.seconds(80);
    expect(pod.stateOf('app')).toBe('Running');
  });
});

it.each([
  ['InvalidImageName', 'InspectFailed'],
  ['ErrImageNeverPull', 'ErrImageNeverPull'],
])('an image with %s is told twice, as a kubelet tells it', async (reason, event) => {
  const pod = new Harness();
  const told = listen(pod);
  pod.runtime.before = (text) => {
    if (text.startsWith('start')) throw new ProviderError('InvalidSpec', 'no such image', { reason });
  };
  await pod.create();
  expect(told).toEqual([`0: ${event} no such image [app]`, `0: Failed Error: ${reason} [app]`]);
});
