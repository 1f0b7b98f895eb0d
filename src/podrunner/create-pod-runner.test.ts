import { describe, expect, it } from 'vitest';
import type { LogEntry } from '../../providers/contract/index.ts';
import { ProviderError, podIpMarker } from '../../providers/contract/index.ts';
import { Harness, never } from './testing/harness.ts';
import { container, podSpec, scope } from './testing/specs.ts';

async function logOf(pod: Harness, previous: boolean): Promise<string> {
  const entries: LogEntry[] = [];
  const query = { container: 'app', previous, follow: false };
  for await (const entry of pod.provider.logs?.(pod.instance.ref, query, never) ?? []) entries.push(entry);
  return entries.map(({ data }) => Buffer.from(data).toString()).join('');
}

describe('create', () => {
  it('answers Pending with every container, and the same sandbox to the same token', async () => {
    const pod = new Harness({ initContainers: [container('init')] });
    const first = await pod.provider.create(pod.spec, 'token', never);
    expect(first).toMatchObject({
      ref: { id: 'sandbox-1', podUid: 'uid-1' },
      phase: 'Pending',
      containers: [
        { name: 'init', state: { kind: 'waiting', reason: 'PodInitializing' }, id: '' },
        { name: 'app', state: { kind: 'waiting', reason: 'PodInitializing' } },
      ],
    });
    const again = await pod.provider.create(pod.spec, 'token', never);
    expect(again.ref).toEqual(first.ref);
    await pod.seconds(10);
    expect(pod.calls('start')).toEqual(['0 start init/0']);
  });

  it('gives the containers the address of their instance where they ask for it', async () => {
    const env = [{ name: 'POD_IP', value: podIpMarker, secret: false }];
    const pod = new Harness({ containers: [container('app', { env, args: [`--ip=${podIpMarker}`] })] });
    await pod.create();
    expect(pod.runtime.specs.get('app')).toMatchObject({
      env: [{ name: 'POD_IP', value: '127.0.0.1' }],
      args: ['--ip=127.0.0.1'],
    });
  });

  it('rejects with what the runtime says', async () => {
    const pod = new Harness();
    pod.runtime.before = () => {
      throw new ProviderError('QuotaExceeded', 'full');
    };
    await expect(pod.provider.create(pod.spec, 'token', never)).rejects.toMatchObject({
      kind: 'QuotaExceeded',
    });
  });
});

describe('a runtime that fails to start a container', () => {
  it('is tried again with back-off under the same run number, and the status says why', async () => {
    const pod = new Harness();
    let failures = 3;
    pod.runtime.before = (text) => {
      if (text.startsWith('start') && failures-- > 0) throw new Error('no space left on device');
    };
    await pod.create();
    expect(pod.instance.waiting).toEqual({
      reason: 'CreateContainerError',
      message: 'no space left on device',
    });
    expect(pod.stateOf('app')).toBe('CreateContainerError');
    await pod.seconds(10);
    expect(pod.calls('start')).toEqual([
      '0 start app/0',
      '0.75 start app/0',
      '2.25 start app/0',
      '5.25 start app/0',
    ]);
    expect(pod.stateOf('app')).toBe('Running');
    expect(pod.instance.waiting).toBeUndefined();
  });

  it('waits as long as the runtime asks, and blames the spec when that is at fault', async () => {
    const pod = new Harness();
    pod.runtime.before = (text) => {
      if (text.startsWith('start'))
        throw new ProviderError('InvalidSpec', 'no such user', { retryAfterMs: 60_000 });
    };
    await pod.create();
    await pod.seconds(59);
    expect(pod.calls('start')).toHaveLength(1);
    expect(pod.stateOf('app')).toBe('CreateContainerConfigError');
  });

  it('a run that cannot start is a crash like any other', async () => {
    const pod = new Harness();
    pod.runtime.behave = () => ({ startError: 'exec: "nope": not found' });
    await pod.create();
    await pod.seconds(1);
    expect(pod.container('app')).toMatchObject({
      state: { reason: 'CrashLoopBackOff' },
      lastState: { exitCode: 128, reason: 'StartError', message: 'exec: "nope": not found' },
    });
  });
});

describe('list and observe', () => {
  it('list is complete, in scope, and rejects when the runtime does', async () => {
    const pod = new Harness();
    await pod.create();
    expect(await pod.provider.list(scope, never)).toEqual([pod.instance]);
    expect(await pod.provider.list({ ...scope, node: 'other' }, never)).toEqual([]);
    pod.runtime.before = () => {
      throw new Error('page 2 failed');
    };
    await expect(pod.provider.list(scope, never)).rejects.toThrow('page 2 failed');
  });

  it('a sandbox that vanished is reported gone, by the runtime or by a list', async () => {
    const pod = new Harness();
    await pod.create();
    pod.runtime.vanish('sandbox-1');
    await pod.seconds(1);
    expect(pod.events.at(-1)).toEqual({ type: 'gone', ref: pod.instance.ref });
    expect(await pod.provider.list(scope, never)).toEqual([]);
    await expect(pod.provider.stop(pod.instance.ref, { gracePeriodSeconds: 1 }, never)).rejects.toMatchObject(
      { kind: 'NotFound' },
    );
  });

  it('a run that vanished counts as ended with an unknown outcome and is replaced', async () => {
    const pod = new Harness();
    await pod.create();
    pod.runtime.lose('app');
    await pod.seconds(1);
    expect(pod.container('app')).toMatchObject({
      state: { kind: 'running' },
      restartCount: 1,
      lastState: { exitCode: 137, reason: 'ContainerStatusUnknown' },
    });
  });

  it('observes the runtime anew when that breaks, and lists what it missed', async () => {
    const pod = new Harness();
    const observe = pod.runtime.observe.bind(pod.runtime);
    let breakOff = (_error: Error): void => {};
    let broken = 0;
    pod.runtime.observe = (observed, listener, signal) => {
      const round = new AbortController();
      const through = observe(observed, listener, AbortSignal.any([signal, round.signal]));
      return new Promise((resolve, reject) => {
        breakOff = (error) => {
          broken++;
          round.abort();
          reject(error);
        };
        through.then(resolve, reject);
      });
    };
    pod.daemon.kill();
    await pod.restart();
    await pod.create();
    breakOff(new Error('connection reset'));
    pod.runtime.exit('app', 1);
    await pod.seconds(5);
    expect(broken).toBe(1);
    expect(pod.runtime.live).toEqual(['app/1']);
  });

  it('a listener that throws does not harm the others', async () => {
    const pod = new Harness();
    const ended = new AbortController();
    const observing = pod.provider.observe(
      scope,
      () => {
        throw new Error('bad listener');
      },
      ended.signal,
    );
    await pod.create();
    expect(pod.instance.phase).toBe('Running');
    ended.abort();
    await observing;
  });
});

describe('delete', () => {
  it('kills what runs, is idempotent, and tells it once', async () => {
    const pod = new Harness();
    await pod.create();
    const { ref } = pod.instance;
    await pod.provider.delete(ref, never);
    await pod.provider.delete(ref, never);
    await pod.seconds(100);
    expect(pod.runtime.live).toEqual([]);
    expect(pod.calls('start')).toHaveLength(1);
    expect(pod.events.filter(({ type }) => type === 'gone')).toHaveLength(1);
  });

  it('is not undone by a list that was asked for before', async () => {
    const pod = new Harness();
    await pod.create();
    const old = [pod.runtime.state('sandbox-1')];
    let answer = (): void => {};
    pod.runtime.list = () =>
      new Promise((resolve) => {
        answer = () => resolve(old);
      });
    const listing = pod.provider.list(scope, never);
    await pod.provider.delete(pod.instance.ref, never);
    answer();
    expect(await listing).toEqual([]);
  });

  it('that fails leaves the instance listed and untouched until it is repeated', async () => {
    const pod = new Harness({ restartPolicy: 'Always' });
    await pod.create();
    let failures = 1;
    pod.runtime.before = (text) => {
      if (text === 'remove sandbox' && failures-- > 0) throw new Error('busy');
    };
    await expect(pod.provider.delete(pod.instance.ref, never)).rejects.toThrow('busy');
    expect(await pod.provider.list(scope, never)).toHaveLength(1);
    pod.runtime.exit('app', 1);
    await pod.seconds(60);
    expect(pod.calls('start')).toHaveLength(1);
    await pod.provider.delete(pod.instance.ref, never);
    expect(await pod.provider.list(scope, never)).toEqual([]);
  });
});

describe('logs', () => {
  it('choose the run by the state of the container', async () => {
    const pod = new Harness();
    await pod.create();
    expect(await logOf(pod, false)).toBe('log of app/0');
    await expect(logOf(pod, true)).rejects.toMatchObject({ kind: 'NotFound' });
    pod.runtime.exit('app', 1);
    await pod.seconds(1);
    expect(await logOf(pod, false)).toBe('log of app/1');
    expect(await logOf(pod, true)).toBe('log of app/0');
    pod.runtime.exit('app', 1);
    await pod.seconds(1);
    expect(pod.stateOf('app')).toBe('CrashLoopBackOff');
    expect(await logOf(pod, false)).toBe('log of app/1');
    expect(await logOf(pod, true)).toBe('log of app/1');
  });
});

it('keeps termination messages within the budget of the Pod', async () => {
  const pod = new Harness({ containers: Array.from({ length: 6 }, (_, index) => container(`c${index}`)) });
  pod.runtime.behave = () => ({ startError: 'é'.repeat(4000) });
  await pod.create();
  const message = pod.container('c0').lastState?.message ?? '';
  expect(Buffer.byteLength(message)).toBe(2048);
});

it('closes without touching what runs', async () => {
  const pod = new Harness();
  await pod.create();
  await pod.provider.close?.();
  await pod.seconds(100);
  expect(pod.runtime.live).toEqual(['app/0']);
  expect(pod.clock.pending).toBe(0);
});

it('maps usage to instances', async () => {
  const pod = new Harness();
  await pod.create();
  expect(await pod.provider.stats?.(scope, never)).toEqual([
    { ref: { id: 'sandbox-1', podUid: 'uid-1' }, containers: [] },
  ]);
  expect(pod.provider.update).toBeUndefined();
  expect(podSpec().owner.node).toBe(scope.node);
});
