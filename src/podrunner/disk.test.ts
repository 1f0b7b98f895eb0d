import { describe, expect, it } from 'vitest';
import type { VolumeSpec } from '../../providers/contract/index.ts';
import { brokenLimit } from './disk.ts';
import { Harness } from './testing/harness.ts';
import { container, podSpec, sidecar } from './testing/specs.ts';

const MiB = 2 ** 20;

function scratch(name: string, sizeLimitBytes?: number, medium: '' | 'Memory' = ''): VolumeSpec {
  return { name, kind: 'emptyDir', medium, ...(sizeLimitBytes === undefined ? {} : { sizeLimitBytes }) };
}

function limited(name: string, ephemeralStorageBytes: number) {
  return container(name, { limits: { ephemeralStorageBytes } });
}

const cause = (message: string) => ({ kind: 'Evicted', reason: 'Evicted', message });

describe('a Pod that breaks a limit on disk', () => {
  it('is evicted when a volume outgrows its size', async () => {
    const pod = new Harness({ volumes: [scratch('data', MiB), scratch('free')], restartPolicy: 'Always' });
    await pod.create();
    pod.runtime.disk.set('data', MiB).set('free', 100 * MiB);
    await pod.seconds(20);
    expect(pod.instance.phase).toBe('Running');
    pod.runtime.disk.set('data', MiB + 1);
    await pod.seconds(10);
    const message = 'Usage of EmptyDir volume "data" exceeds the limit "1Mi". ';
    expect(pod.instance).toMatchObject({ phase: 'Stopped', stopCause: cause(message) });
    expect(pod.calls('measure', 'stop', 'start')).toEqual([
      ...['0 start app/0', '10 measure data', '20 measure data', '30 measure data', '30 stop app/0 2s'],
    ]);
    expect(pod.events.flatMap((event) => (event.type === 'notice' ? [event.notice] : []))).toEqual(
      expect.arrayContaining([{ type: 'Warning', reason: 'Evicted', message }]),
    );
    await pod.seconds(600);
    expect(pod.calls('measure', 'start')).toHaveLength(4);
  });

  it('is evicted when a container has written more than it may', async () => {
    const pod = new Harness({ containers: [limited('app', 2e9), container('other')] });
    await pod.create();
    pod.runtime.disk.set('other', 2e9 - 1);
    await pod.seconds(10);
    expect(pod.instance.phase).toBe('Running');
    pod.runtime.disk.set('other', 0).set('app', 2e9 + 1);
    await pod.seconds(10);
    const message = 'Pod ephemeral local storage usage exceeds the total limit of containers 2G. ';
    expect(pod.instance.stopCause).toEqual(cause(message));
    expect(pod.calls('measure')).toEqual(['10 measure app other', '20 measure app other']);
  });

  it('has time to stop, but no more than a second', async () => {
    const hook = { kind: 'exec', command: ['hook'] } as const;
    const app = { ...limited('app', 1), preStop: hook, restartPolicy: 'Always' } as const;
    const pod = new Harness({ containers: [app], terminationGracePeriodSeconds: 600 });
    pod.runtime.behave = () => ({ onTermMs: 'never' });
    pod.runtime.answer = () => new Promise(() => {});
    await pod.create();
    pod.runtime.disk.set('app', 2);
    await pod.seconds(20);
    expect(pod.calls('exec', 'stop')).toEqual(['10 exec app/0 hook', '11 stop app/0 2s']);
    expect(pod.container('app').state).toMatchObject({ exitCode: 137 });
    expect(pod.instance.stopCause?.kind).toBe('Evicted');
  });

  it('is left alone when it is being stopped already', async () => {
    const pod = new Harness({ containers: [limited('app', 1)] });
    pod.runtime.behave = () => ({ onTermMs: 'never' });
    await pod.create();
    pod.runtime.disk.set('app', 2);
    await pod.stop(60);
    await pod.seconds(61);
    expect(pod.calls('measure')).toEqual([]);
    expect(pod.instance.phase).toBe('Stopped');
    expect(pod.instance.stopCause).toBeUndefined();
  });

  it('is found by the daemon that comes next', async () => {
    const pod = new Harness({ volumes: [scratch('data', MiB)] });
    await pod.create();
    await pod.restart();
    await pod.adopt();
    pod.runtime.disk.set('data', 2 * MiB);
    await pod.seconds(10);
    expect(pod.instance.stopCause?.kind).toBe('Evicted');
  });
});

it('nothing is measured where nothing is limited', async () => {
  const pod = new Harness({ volumes: [scratch('data'), scratch('memory', MiB, 'Memory')] });
  await pod.create();
  await pod.seconds(100);
  expect(pod.calls('measure')).toEqual([]);
});

it('a look that takes long is taken less often, and one that fails is tried again', async () => {
  const pod = new Harness({ volumes: [scratch('data', MiB)] });
  let failures = 1;
  pod.runtime.before = async (text) => {
    if (!text.startsWith('measure')) return;
    if (failures-- > 0) throw new Error('du is gone');
    await new Promise<void>((resolve) => pod.clock.schedule(2_000, resolve));
  };
  await pod.create();
  await pod.seconds(60);
  const [first, second, third] = pod.calls('measure').map((call) => Number(call.split(' ')[0]));
  expect([first, second !== undefined && second < 13]).toEqual([10, true]);
  expect((third ?? 0) - (second ?? 0)).toBe(42);
});

describe('the limit that is named', () => {
  const run = (name: string) => ({
    ...{ id: `${name}-id`, name, run: 0, image: '', imageId: '' },
    state: { kind: 'running', startedAt: '' } as const,
  });
  function broken(
    spec: Parameters<typeof podSpec>[0],
    volumes: Record<string, number>,
    containers: Record<string, number>,
  ): string | undefined {
    const owner = podSpec().owner;
    const sandbox = { id: 's', owner, createdAt: '', ips: [], containers: Object.keys(containers).map(run) };
    const used = Object.entries(containers).map(([name, bytes]) => [`${name}-id`, bytes] as const);
    return brokenLimit(podSpec(spec), sandbox, {
      volumes: new Map(Object.entries(volumes)),
      containers: new Map(used),
    });
  }

  it('is the size of a volume, then that of the Pod, then that of a container', () => {
    const spec = { containers: [limited('a', 10), limited('b', 20)], volumes: [scratch('v', 5)] };
    expect(broken(spec, { v: 6 }, { a: 100, b: 0 })).toMatch(/^Usage of EmptyDir volume "v"/);
    expect(broken(spec, { v: 5 }, { a: 11, b: 15 })).toMatch(/total limit of containers 30\. $/);
    expect(broken(spec, { v: 5 }, { a: 11, b: 14 })).toBe(
      'Container a exceeded its local ephemeral storage limit "10". ',
    );
    expect(broken(spec, { v: 5 }, { a: 10, b: 15 })).toBeUndefined();
  });

  it('of a Pod is the most that its containers have at one time', () => {
    const spec = {
      initContainers: [sidecar('side', { limits: { ephemeralStorageBytes: 5 } }), limited('init', 40)],
      containers: [limited('a', 10)],
    };
    expect(broken(spec, {}, { side: 5, a: 40 })).toMatch(/^Container a exceeded/);
    expect(broken(spec, {}, { init: 46 })).toMatch(/containers 45\. $/);
    // As upstream: an init container is held to the limit of the Pod alone.
    expect(broken(spec, {}, { init: 41 })).toBeUndefined();
  });

  it.each([
    [1024, '1Ki'],
    [1000, '1k'],
    [1536, '1536'],
    [10_240_000_000, '10240M'],
    [5 * 2 ** 30, '5Gi'],
    [1_500_000_000, '1500M'],
  ])('%i bytes are written as %s', (bytes, text) => {
    expect(broken({ containers: [limited('a', bytes)] }, {}, { a: bytes + 1 })).toContain(
      `containers ${text}. `,
    );
  });
});
