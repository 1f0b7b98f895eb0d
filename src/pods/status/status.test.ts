import { describe, expect, test } from 'vitest';
import type { ContainerObservation } from '../../../providers/contract/index.ts';
import { strategicMerge } from '../../devcluster/http/strategic-merge.ts';
import type { Pod, PodStatus } from '../../kube/types.ts';
import { aContainer, anInstance, aPod, exited } from '../testing/objects.ts';
import { instanceStatus, pendingStatus, type StatusContext } from './pod-status.ts';
import { statusPatch } from './status-patch.ts';

const now = Date.parse('2026-01-01T00:01:00.500Z');
const context: StatusContext = {
  providerName: 'mock',
  hostIp: '192.0.2.1',
  now,
  acceptedAt: now,
  ephemeral: new Map(),
};
const waiting = { kind: 'waiting', reason: 'CrashLoopBackOff', message: 'back-off' } as const;

function condition(status: PodStatus, type: string) {
  return status.conditions?.find((one) => one.type === type);
}

describe('the phase', () => {
  const two: Pod = aPod({ spec: { containers: [{ name: 'a' }, { name: 'b' }] } });
  const withInit: Pod = aPod({ spec: { initContainers: [{ name: 'i' }], containers: [{ name: 'main' }] } });
  const phase = (pod: Pod, instance: Parameters<typeof anInstance>[0]) =>
    instanceStatus(pod, context, anInstance(instance)).phase;
  const init = (state: Parameters<typeof aContainer>[0] = {}) =>
    aContainer({ name: 'i', kind: 'init', ...state });

  test('follows the rules of the kubelet', () => {
    expect(phase(two, { containers: [aContainer({ name: 'a' })] })).toBe('Pending');
    expect(
      phase(two, { containers: [aContainer({ name: 'a' }), aContainer({ name: 'b', state: exited(0) })] }),
    ).toBe('Running');
    expect(phase(aPod(), { containers: [aContainer({ state: waiting, lastState: exited(1) })] })).toBe(
      'Running',
    );
    expect(phase(withInit, { containers: [init()] })).toBe('Pending');
    expect(phase(withInit, { phase: 'Stopped', containers: [init({ state: exited(1) })] })).toBe('Failed');
    expect(
      phase(two, {
        phase: 'Stopped',
        containers: [
          aContainer({ name: 'a', state: exited(0) }),
          aContainer({ name: 'b', state: exited(0) }),
        ],
      }),
    ).toBe('Succeeded');
    expect(
      phase(two, {
        phase: 'Stopped',
        containers: [
          aContainer({ name: 'a', state: exited(0) }),
          aContainer({ name: 'b', state: exited(1) }),
        ],
      }),
    ).toBe('Failed');
    expect(phase(two, { phase: 'Stopped', containers: [aContainer({ name: 'a', state: exited(0) })] })).toBe(
      'Failed',
    );
  });

  test('ignores how a sidecar ended', () => {
    const pod = aPod({
      spec: { initContainers: [{ name: 'i', restartPolicy: 'Always' }], containers: [{ name: 'main' }] },
    });
    expect(
      phase(pod, {
        phase: 'Stopped',
        containers: [init({ state: exited(137) }), aContainer({ state: exited(0) })],
      }),
    ).toBe('Succeeded');
  });
});

describe('the conditions', () => {
  test('of a running Pod are all true', () => {
    const status = instanceStatus(aPod(), context, anInstance());
    const types = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'];
    expect(status.conditions?.map(({ type, status }) => [type, status])).toEqual(
      types.map((type) => [type, 'True']),
    );
  });

  test('name the containers that are not ready', () => {
    const status = instanceStatus(
      aPod(),
      context,
      anInstance({ containers: [aContainer({ ready: false })] }),
    );
    const message = 'containers with unready status: [main]';
    expect(condition(status, 'ContainersReady')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotReady',
      message,
    });
    expect(condition(status, 'Ready')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotReady',
      message,
    });
  });

  test('name the init containers that are not done', () => {
    const pod = aPod({ spec: { initContainers: [{ name: 'i' }], containers: [{ name: 'main' }] } });
    expect(condition(pendingStatus(pod, context), 'Initialized')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotInitialized',
      message: 'containers with incomplete status: [i]',
    });
  });

  test('wait for readiness gates', () => {
    const pod = aPod({ spec: { readinessGates: [{ conditionType: 'example.com/lb' }] } });
    expect(condition(instanceStatus(pod, context, anInstance()), 'Ready')).toMatchObject({
      status: 'False',
      reason: 'ReadinessGatesNotReady',
    });
    const open = aPod({
      ...pod,
      spec: pod.spec ?? {},
      status: { conditions: [{ type: 'example.com/lb', status: 'True' }] },
    });
    expect(condition(instanceStatus(open, context, anInstance()), 'Ready')).toMatchObject({ status: 'True' });
  });

  test('of an ended Pod are no longer ready', () => {
    const status = instanceStatus(aPod(), context, anInstance({ phase: 'Stopped' }));
    expect(condition(status, 'Ready')).toMatchObject({ status: 'False', reason: 'PodCompleted' });
    expect(condition(status, 'Initialized')).toMatchObject({ status: 'True', reason: 'PodCompleted' });
  });

  test('keep their time while they stay the same', () => {
    const old = { type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:05Z' };
    const pod = aPod({ status: { phase: 'Running', conditions: [old] } });
    expect(condition(instanceStatus(pod, context, anInstance()), 'Ready')?.lastTransitionTime).toBe(
      '2026-01-01T00:00:05Z',
    );
    expect(condition(instanceStatus(pod, context, anInstance()), 'Initialized')?.lastTransitionTime).toBe(
      '2026-01-01T00:01:00Z',
    );
  });
});

test('only the container that lacks something waits for it', () => {
  const pod = aPod({ spec: { initContainers: [{ name: 'init' }], containers: [{ name: 'main' }] } });
  const reasons = (container?: string) => {
    const lacking = { reason: 'CreateContainerConfigError', message: 'secret "a" not found' };
    const status = pendingStatus(pod, context, { ...lacking, ...(container && { container }) });
    return [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].map(
      ({ state }) => state?.waiting?.reason,
    );
  };
  expect(reasons('init')).toEqual(['CreateContainerConfigError', 'PodInitializing']);
  expect(reasons()).toEqual(['CreateContainerConfigError', 'CreateContainerConfigError']);
});

test('an init container is ready when it is over and went well, a sidecar while it says so', () => {
  const pod = aPod({
    spec: {
      initContainers: [{ name: 'init' }, { name: 'side', restartPolicy: 'Always' }],
      containers: [{ name: 'main' }],
    },
  });
  const ready = (extra: Partial<ContainerObservation>) =>
    ['init', 'side'].map((name) => {
      const containers = [aContainer({ name, kind: 'init', ...extra })];
      const { initContainerStatuses = [] } = instanceStatus(pod, context, anInstance({ containers }));
      return initContainerStatuses.find((one) => one.name === name)?.ready;
    });
  expect(ready({ ready: true })).toEqual([false, true]);
  expect(ready({ ready: false, state: exited(0) })).toEqual([true, false]);
  expect(ready({ ready: false, state: exited(1) })).toEqual([false, false]);
});

describe('ephemeral containers', () => {
  const ephemeralContainers = [
    { name: 'z', image: 'tools' },
    { name: 'a', image: 'tools' },
  ];
  const pod = (status = aPod().status) => aPod({ spec: { ephemeralContainers }, ...(status && { status }) });
  const shell = (extra: Partial<ContainerObservation> = {}) =>
    aContainer({ name: 'z', kind: 'ephemeral', id: 'c-z-0', ...extra });
  const statuses = (given: Pod, containers: readonly ContainerObservation[], ephemeral = context.ephemeral) =>
    instanceStatus(given, { ...context, ephemeral }, anInstance({ containers })).ephemeralContainerStatuses;

  test('are listed by name, nobody asks whether they are ready, and one that waits says what a kubelet says', () => {
    expect(statuses(pod(), [aContainer(), shell()])).toEqual([
      {
        ...{ name: 'a', image: 'tools', imageID: '', restartCount: 0, ready: false, lastState: {} },
        state: { waiting: { reason: 'ContainerCreating' } },
      },
      {
        ...{ name: 'z', image: 'burstlet.dev/host', imageID: '', containerID: 'mock://c-z-0' },
        ...{ restartCount: 0, ready: false, lastState: {} },
        state: { running: { startedAt: '2026-01-01T00:00:01Z' } },
      },
    ]);
    const [initialising] =
      pendingStatus(aPod({ spec: { ephemeralContainers, initContainers: [{ name: 'i' }] } }), context)
        .ephemeralContainerStatuses ?? [];
    expect(initialising?.state).toEqual({ waiting: { reason: 'PodInitializing' } });
  });

  test('change neither the phase nor a condition, whatever becomes of them', () => {
    const without = instanceStatus(pod(), context, anInstance());
    for (const state of [exited(1), aContainer().state]) {
      const status = instanceStatus(
        pod(),
        context,
        anInstance({ containers: [aContainer(), shell({ state, ready: false })] }),
      );
      expect([status.phase, status.conditions]).toEqual([without.phase, without.conditions]);
    }
    const over = anInstance({
      phase: 'Stopped',
      containers: [aContainer({ state: exited(0) }), shell({ state: exited(7) })],
    });
    expect(instanceStatus(pod(), context, over).phase).toBe('Succeeded');
  });

  test('that cannot be added say why', () => {
    const verdict = { reason: 'PrivilegedNotSupported', message: 'no' };
    expect(statuses(pod(), [aContainer()], new Map([['a', { verdict }]]))).toMatchObject([
      { name: 'a', state: { waiting: verdict } },
      { name: 'z', state: { waiting: { reason: 'ContainerCreating' } } },
    ]);
    // The next process does not know it yet and takes nothing back.
    const told = pod({
      ephemeralContainerStatuses: statuses(pod(), [], new Map([['a', { verdict }]])) ?? [],
    });
    expect(statuses(told, [aContainer()])).toMatchObject([{ name: 'a', state: { waiting: verdict } }, {}]);
  });

  test('that have run and of which nothing is left have ended', () => {
    const ran = (state: ContainerObservation['state']) =>
      pod({ ephemeralContainerStatuses: statuses(pod(), [shell({ state })])?.slice(1) ?? [] });
    const of = (given: Pod) => statuses(given, [aContainer()])?.[1]?.state?.terminated;
    expect(of(ran(aContainer().state))).toMatchObject({ exitCode: 137, reason: 'ContainerStatusUnknown' });
    expect(of(ran(exited(3)))).toMatchObject({ exitCode: 3, reason: 'Error' });
  });

  test('are known by their names where the provider cannot tell kinds apart', () => {
    const containers = [aContainer(), shell({ kind: 'regular' }), aContainer({ name: 'i', kind: 'regular' })];
    const given = aPod({ spec: { ephemeralContainers, initContainers: [{ name: 'i' }] } });
    const status = instanceStatus(given, context, anInstance({ containers }));
    expect(status.containerStatuses?.map(({ name }) => name)).toEqual(['main']);
    expect(status.initContainerStatuses?.map(({ name }) => name)).toEqual(['i']);
    expect(status.ephemeralContainerStatuses?.map(({ name }) => name)).toEqual(['a', 'z']);
  });
});

describe('the patch', () => {
  const running = instanceStatus(aPod(), context, anInstance());

  test('is none when nothing differs but the times of conditions', () => {
    expect(statusPatch(running, running)).toBeUndefined();
    const later = instanceStatus(
      aPod({ status: { ...running, conditions: [] } }),
      { ...context, now: now + 5000 },
      anInstance(),
    );
    expect(statusPatch(running, later)).toBeUndefined();
  });

  test('holds what changed and leaves the conditions of others alone', () => {
    const foreign = { type: 'example.com/lb', status: 'True' };
    const base = { ...running, conditions: [...(running.conditions ?? []), foreign] };
    const unready = instanceStatus(
      aPod({ status: base }),
      context,
      anInstance({ containers: [aContainer({ ready: false })] }),
    );
    const patch = statusPatch(base, unready);
    expect(Object.keys(patch ?? {}).toSorted()).toEqual(['conditions', 'containerStatuses']);
    expect((patch as { conditions: { type: string }[] }).conditions.map(({ type }) => type)).toEqual([
      'Ready',
      'ContainersReady',
    ]);
  });

  test('takes back what a condition no longer says', () => {
    const unready = aContainer({ ready: false });
    const base = instanceStatus(aPod(), context, anInstance({ containers: [unready] }));
    const patch = statusPatch(base, instanceStatus(aPod({ status: base }), context, anInstance()));
    expect(patch?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Ready', status: 'True', reason: null, message: null }),
    );
    const ended = anInstance({ phase: 'Stopped', containers: [aContainer({ state: exited(1) })] });
    const over = statusPatch(base, instanceStatus(aPod({ status: base }), context, ended));
    expect(over?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Ready', status: 'False', reason: 'PodFailed', message: null }),
    );
  });

  test('replaces addresses, which would else be merged', () => {
    const moved = { ...anInstance(), ips: ['10.0.0.8'] };
    const patch = statusPatch(running, instanceStatus(aPod({ status: running }), context, moved));
    const podIPs = [{ ip: '10.0.0.8' }, { $patch: 'replace' }];
    expect(patch).toEqual({ podIP: '10.0.0.8', podIPs });
    expect(strategicMerge({ ...running }, patch ?? {}, { type: 'PodStatus' }).podIPs).toEqual([
      { ip: '10.0.0.8' },
    ]);
  });

  test('takes back a reason that no longer holds', () => {
    expect(statusPatch({ ...running, reason: 'Old', message: 'old' }, running)).toEqual({
      reason: null,
      message: null,
    });
  });
});
