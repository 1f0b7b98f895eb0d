import { describe, expect, test } from 'vitest';
import { strategicMerge } from '../../devcluster/http/strategic-merge.ts';
import type { Pod, PodStatus } from '../../kube/types.ts';
import { aContainer, anInstance, aPod, exited } from '../testing/objects.ts';
import { instanceStatus, pendingStatus, type StatusContext } from './pod-status.ts';
import { statusPatch } from './status-patch.ts';

const now = Date.parse('2026-01-01T00:01:00.500Z');
const context: StatusContext = { providerName: 'mock', hostIp: '192.0.2.1', now, acceptedAt: now };
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

test('an ephemeral container that the provider does not have says so', () => {
  const pod = aPod({ spec: { ephemeralContainers: [{ name: 'debugger', image: 'tools' }] } });
  const [status] = instanceStatus(pod, context, anInstance()).ephemeralContainerStatuses ?? [];
  expect(status).toMatchObject({
    name: 'debugger',
    state: { waiting: { reason: 'EphemeralContainersNotSupported' } },
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
