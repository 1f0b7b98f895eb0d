import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Instance } from '../../providers/contract/index.ts';
import type { Pod, PodStatus } from '../kube/types.ts';
import { type Decision, decide, type PodView } from './decide.ts';
import { createRecord, type PodRecord } from './pod-record.ts';
import type { SaleView } from './sale.ts';
import { aContainer, anInstance, aPod, exited } from './testing/objects.ts';

const now = Date.parse('2026-01-01T00:01:00Z');
const deleted = { deletionTimestamp: '2026-01-01T00:01:30Z', deletionGracePeriodSeconds: 30 };

interface Case {
  readonly pod?: Pod | undefined;
  readonly instances?: readonly Instance[];
  readonly record?: Partial<PodRecord>;
  readonly confirmed?: boolean;
  readonly retainsStopped?: boolean;
  readonly sale?: Partial<SaleView>;
}

const sale: SaleView = {
  ...{ attempt: 0, purchase: 'known', mine: true, deciding: false },
  policy: { deadlineMs: 600_000, onDeadline: 'wait' },
};

function decided(given: Case): Decision {
  const view: PodView = {
    pod: 'pod' in given ? given.pod : aPod(),
    instances: given.instances ?? [],
    record: { ...createRecord(now), adopted: true, ...given.record },
    confirmed: given.confirmed ?? true,
    retainsStopped: given.retainsStopped ?? true,
    ...(given.sale && { sale: { ...sale, ...given.sale } }),
    context: { providerName: 'mock', hostIp: '192.0.2.1', now, acceptedAt: now, ephemeral: new Map() },
  };
  return decide(view);
}

function step(given: Case): string {
  return decided(given).action.type;
}

function shown(given: Case): Partial<PodStatus> {
  const { phase, reason } = decided(given).status ?? {};
  return { ...(phase === undefined ? {} : { phase }), ...(reason === undefined ? {} : { reason }) };
}

const terminalPod = (meta = {}): Pod => aPod({ status: { phase: 'Succeeded' }, meta });

describe('nothing is done before both sides were listed', () => {
  test.each([
    { pod: aPod() },
    { pod: undefined, instances: [anInstance()] },
    { pod: aPod({ meta: deleted }) },
  ])('%#', (given) => {
    expect(decided({ ...given, confirmed: false })).toEqual({ action: { type: 'none' } });
  });
});

describe('a Pod without an instance', () => {
  test('is created and shows Pending', () => {
    expect(step({})).toBe('create');
    expect(shown({})).toEqual({ phase: 'Pending' });
  });

  test('waits while a failed call is held back', () => {
    const given = { record: { holdUntil: now + 500 } };
    expect(decided(given)).toMatchObject({ action: { type: 'none' }, wakeAt: now + 500 });
  });

  test('is never created when it was refused', () => {
    const given = { record: { refusal: { reason: 'HostPortNotSupported', message: 'no' } } };
    expect(step(given)).toBe('none');
    expect(shown(given)).toEqual({ phase: 'Failed', reason: 'HostPortNotSupported' });
  });

  test('is lost when this process saw its instance', () => {
    const given = { record: { lastInstance: anInstance() } };
    expect(step(given)).toBe('none');
    expect(shown(given)).toEqual({ phase: 'Failed', reason: 'InstanceLost' });
    const status = decided(given).status;
    expect(status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({
      exitCode: 137,
      reason: 'ContainerStatusUnknown',
    });
    expect(status?.conditions?.find(({ type }) => type === 'DisruptionTarget')).toMatchObject({
      status: 'True',
      reason: 'TerminationByKubelet',
    });
  });

  test('is lost when its status carries a container ID, and is not created a second time', () => {
    const containerStatuses = [
      {
        name: 'main',
        image: 'i',
        imageID: '',
        containerID: 'mock://x',
        ready: true,
        restartCount: 0,
        state: { running: {} },
      },
    ];
    const given = { pod: aPod({ status: { phase: 'Running', containerStatuses } }) };
    expect(step(given)).toBe('none');
    expect(shown(given)).toEqual({ phase: 'Failed', reason: 'InstanceLost' });
    const unproven = { ...given, record: { created: 'unknown' as const } };
    expect(step(unproven)).toBe('look');
    expect(shown(unproven)).toEqual({});
  });

  test('past its deadline it fails without being created', () => {
    const given = {
      pod: aPod({
        spec: { activeDeadlineSeconds: 10 },
        status: { phase: 'Pending', startTime: '2026-01-01T00:00:00Z' },
      }),
    };
    expect(step(given)).toBe('none');
    expect(shown(given)).toEqual({ phase: 'Failed', reason: 'DeadlineExceeded' });
    expect(decided(given).late?.reason).toBe('DeadlineExceeded');
    expect(step({ ...given, record: { created: 'unknown' } })).toBe('look');
  });
});

describe('a Pod with an instance', () => {
  test('shows what the instance shows', () => {
    expect(step({ instances: [anInstance()] })).toBe('none');
    expect(shown({ instances: [anInstance()] })).toEqual({ phase: 'Running' });
    expect(shown({ instances: [anInstance({ phase: 'Pending' })] })).toEqual({ phase: 'Pending' });
  });

  test('hands over the spec of an instance that it did not create itself', () => {
    expect(step({ instances: [anInstance()], record: { adopted: false } })).toBe('adopt');
  });

  test('ends with it', () => {
    expect(shown({ instances: [anInstance({ phase: 'Stopped' })] })).toEqual({ phase: 'Succeeded' });
    const failed = anInstance({ phase: 'Stopped', containers: [aContainer({ state: exited(3) })] });
    expect(shown({ instances: [failed] })).toEqual({ phase: 'Failed' });
  });

  test('shows no end while something may still run', () => {
    const ending = anInstance({ phase: 'Stopping', containers: [aContainer({ state: exited(0) })] });
    expect(shown({ instances: [ending] })).toEqual({ phase: 'Running' });
  });

  test('an interruption is a disruption, not a failure of the workload', () => {
    const stopCause = { kind: 'Interrupted', reason: 'SpotInterruption', message: 'reclaimed' } as const;
    const given = {
      instances: [
        anInstance({ phase: 'Stopped', containers: [aContainer({ state: exited(143) })], stopCause }),
      ],
    };
    expect(shown(given)).toEqual({ phase: 'Failed', reason: 'SpotInterruption' });
    expect(decided(given).status?.conditions?.[0]).toMatchObject({
      type: 'DisruptionTarget',
      status: 'True',
    });
  });

  test('is stopped at its deadline and fails when it has stopped', () => {
    const pod = aPod({
      spec: { activeDeadlineSeconds: 10 },
      status: { phase: 'Running', startTime: '2026-01-01T00:00:00Z' },
    });
    expect(step({ pod, instances: [anInstance()] })).toBe('stop');
    expect(shown({ pod, instances: [anInstance()] })).toEqual({ phase: 'Running' });
    expect(decided({ pod, instances: [anInstance()] }).late?.reason).toBe('DeadlineExceeded');
    const stopped = { pod, instances: [anInstance({ phase: 'Stopped' })] };
    expect(shown(stopped)).toEqual({
      phase: 'Failed',
      reason: 'DeadlineExceeded',
    });
  });

  test('that ended by itself before its deadline is not late, however late that is seen', () => {
    const given = (restartPolicy: string, exitCode: number): Case => ({
      pod: aPod({
        spec: { activeDeadlineSeconds: 10, restartPolicy },
        status: { phase: 'Running', startTime: '2026-01-01T00:00:00Z' },
      }),
      instances: [anInstance({ phase: 'Stopped', containers: [aContainer({ state: exited(exitCode) })] })],
    });
    expect(shown(given('Never', 0))).toEqual({ phase: 'Succeeded' });
    expect(shown(given('Never', 1))).toEqual({ phase: 'Failed' });
    expect(shown(given('OnFailure', 0))).toEqual({ phase: 'Succeeded' });
    expect(shown(given('OnFailure', 1))).toEqual({ phase: 'Failed', reason: 'DeadlineExceeded' });
    expect(shown(given('Always', 0))).toEqual({ phase: 'Failed', reason: 'DeadlineExceeded' });
  });

  test('wakes at its deadline', () => {
    const pod = aPod({
      spec: { activeDeadlineSeconds: 90 },
      status: { phase: 'Running', startTime: '2026-01-01T00:00:00Z' },
    });
    expect(decided({ pod, instances: [anInstance()] }).wakeAt).toBe(now + 30_000);
  });

  test('of two attempts the earlier is taken away', () => {
    const instances = [anInstance({ id: 'old' }), anInstance({ id: 'new', attempt: 1 })];
    expect(decided({ instances }).action).toMatchObject({
      type: 'release',
      instance: { ref: { id: 'old' } },
    });
  });
});

describe('a Pod that is deleted', () => {
  const pod = aPod({ meta: deleted });

  test('stops its instance with the grace period of the deletion', () => {
    expect(decided({ pod, instances: [anInstance()] }).action).toMatchObject({
      type: 'stop',
      gracePeriodSeconds: 30,
    });
  });

  test('stops again only for a shorter grace period', () => {
    const stopping = (gracePeriodSeconds: number) => ({
      record: { stopping: { gracePeriodSeconds, at: now } },
    });
    expect(step({ pod, instances: [anInstance()], ...stopping(30) })).toBe('none');
    expect(step({ pod, instances: [anInstance()], ...stopping(60) })).toBe('stop');
  });

  test('is not held up for ever by an instance that does not stop', () => {
    const overdue = { stopping: { gracePeriodSeconds: 30, at: now - 90_000 } };
    expect(step({ pod: aPod({ meta: deleted }), instances: [anInstance()], record: overdue })).toBe('look');
    const record = { ...overdue, lookedAt: now };
    expect(step({ pod, instances: [anInstance({ phase: 'Stopping' })], record })).toBe('release');
  });

  test('releases the instance, and only then leaves the API server', () => {
    const stopped = anInstance({ phase: 'Stopped' });
    expect(step({ pod, instances: [stopped] })).toBe('release');
    expect(step({ pod, record: { lastInstance: stopped } })).toBe('finalize');
    expect(step({ pod, record: { lastInstance: stopped, deleted: true } })).toBe('none');
  });

  test.each([
    ['finalizers', { meta: { ...deleted, finalizers: ['batch.kubernetes.io/job-tracking'] } }, 0],
    ['restartPolicy Never', { meta: deleted, spec: { restartPolicy: 'Never' } }, 0],
    ['an exit code that the stop does not explain', { meta: deleted }, 3],
  ])('writes its outcome first when somebody looks at it: %s', (_, options, exitCode) => {
    const stopped = anInstance({ phase: 'Stopped', containers: [aContainer({ state: exited(exitCode) })] });
    const given = { pod: aPod(options), instances: [stopped] };
    expect(step(given)).toBe('none');
    expect(shown(given)).toEqual({ phase: exitCode === 0 ? 'Succeeded' : 'Failed' });
    expect(step({ ...given, pod: terminalPod(options.meta) })).toBe('release');
  });

  test('looks before it leaves when a create call may have happened', () => {
    expect(step({ pod, record: { created: 'unknown' } })).toBe('look');
  });

  test('that never ran leaves at once', () => {
    expect(step({ pod })).toBe('finalize');
  });
});

describe('a Pod that has ended', () => {
  test('is left as it is, with its logs', () => {
    expect(decided({ pod: terminalPod(), instances: [anInstance({ phase: 'Stopped' })] })).toEqual({
      action: { type: 'none' },
    });
  });

  test('releases at once where keeping costs', () => {
    expect(
      step({ pod: terminalPod(), instances: [anInstance({ phase: 'Stopped' })], retainsStopped: false }),
    ).toBe('release');
  });

  test('stops an instance that still runs', () => {
    expect(step({ pod: terminalPod(), instances: [anInstance()] })).toBe('stop');
  });

  test('is never created again', () => {
    expect(step({ pod: terminalPod() })).toBe('none');
    expect(step({ pod: terminalPod(deleted) })).toBe('finalize');
  });
});

describe('a Pod that is gone', () => {
  test('takes its instance along, however it fares', () => {
    for (const phase of ['Pending', 'Running', 'Stopping', 'Stopped'] as const) {
      expect(step({ pod: undefined, instances: [anInstance({ phase })] })).toBe('release');
    }
  });

  test('is forgotten when nothing is left', () => {
    expect(step({ pod: undefined })).toBe('forget');
    expect(step({ pod: undefined, record: { created: 'unknown' } })).toBe('look');
  });
});

describe('ephemeral containers', () => {
  const pod = aPod({ spec: { ephemeralContainers: [{ name: 'debug', image: 'tools' }] } });
  const known = (retryAt: number) => new Map([['debug', { added: false, retryAt, failures: 0 }]]);

  test('are added to an instance that runs, after it was adopted', () => {
    expect(decided({ pod, instances: [anInstance()] }).action).toMatchObject({
      type: 'addContainers',
      names: ['debug'],
    });
    expect(step({ pod, instances: [anInstance()], record: { adopted: false } })).toBe('adopt');
    expect(step({ pod })).toBe('create');
  });

  test("wait for their time, and the provider's", () => {
    const waiting = { pod, instances: [anInstance()], record: { ephemeral: known(now + 700) } };
    expect(decided(waiting)).toMatchObject({ action: { type: 'none' }, wakeAt: now + 700 });
    const held = { pod, instances: [anInstance()], record: { holdUntil: now + 500 } };
    expect(decided(held)).toMatchObject({ action: { type: 'none' }, wakeAt: now + 500 });
  });

  test('come too late for a Pod that ends', () => {
    expect(step({ pod, instances: [anInstance({ phase: 'Stopped' })] })).toBe('none');
    expect(
      step({ pod: { ...pod, metadata: { ...pod.metadata, ...deleted } }, instances: [anInstance()] }),
    ).toBe('stop');
  });
});

test('until the spec was handed over, what runs is as ready as it was, however ready it looks', () => {
  const status = (ready: boolean) =>
    decided({ instances: [anInstance({ containers: [aContainer({ ready })] })] }).status ?? {};
  const readiness = (pod: Pod, given: Partial<Case> = {}) =>
    decided({ pod, instances: [anInstance()], record: { adopted: false }, ...given }).status
      ?.containerStatuses?.[0]?.ready;
  expect(readiness(aPod({ status: status(false) }))).toBe(false);
  expect(readiness(aPod({ status: status(true) }))).toBe(true);
  expect(readiness(aPod({ status: status(false) }), { record: { adopted: true } })).toBe(true);
  expect(readiness(aPod({ status: status(false), meta: deleted }))).toBe(false);
  const restarted = [anInstance({ containers: [aContainer({ id: 'c-main-1' })] })];
  expect(readiness(aPod({ status: status(true) }), { instances: restarted })).toBe(false);
});

describe('an instance that is bought', () => {
  const noStock = { kind: 'OutOfStock', reason: 'NoStock', message: 'none left' } as const;
  const waiting = aContainer({
    id: '',
    state: { kind: 'waiting', reason: 'ContainerCreating', message: '' },
  });
  const unserved = anInstance({ phase: 'Stopped', containers: [waiting], stopCause: noStock });

  test('is decided on first, then written down, then created', () => {
    expect(decided({ sale: { purchase: 'none' } }).action).toEqual({ type: 'choose', replaces: false });
    expect(step({ sale: { purchase: 'none', deciding: true } })).toBe('none');
    expect(step({ sale: {} })).toBe('create');
  });

  test('that an earlier process has decided on is claimed before it is created', () => {
    expect(decided({ sale: { mine: false } })).toMatchObject({ action: { type: 'none' }, claim: true });
    expect(decided({ sale: {} }).claim).toBeUndefined();
  });

  test('without stock is decided on anew, once it is certain that none will come of the call', () => {
    expect(step({ sale: {}, record: { spent: 0 } })).toBe('choose');
    expect(step({ sale: { attempt: 1 }, record: { spent: 0 } })).toBe('create');
    const doubt = { spent: 0, doubtAt: now - 10_000 };
    expect(decided({ sale: {}, record: doubt })).toMatchObject({
      ...{ action: { type: 'none' }, wakeAt: now + 20_000 },
    });
    expect(step({ sale: {}, record: { ...doubt, doubtAt: now - 30_000 } })).toBe('look');
    expect(step({ sale: {}, record: { ...doubt, doubtAt: now - 30_000, lookedAt: now - 1 } })).toBe('look');
    expect(step({ sale: {}, record: { ...doubt, doubtAt: now - 30_000, lookedAt: now } })).toBe('choose');
  });

  test('at an offer that is not sold any more is decided on anew', () => {
    expect(step({ sale: { purchase: 'not sold' } })).toBe('choose');
  });

  test('waits while all offers are shut', () => {
    const given = { sale: {}, record: { spent: 0, shutUntil: now + 7_000 } };
    expect(decided(given)).toMatchObject({ action: { type: 'none' }, wakeAt: now + 7_000 });
  });

  test('that turns out to have no stock goes only when another attempt is written down', () => {
    const given = { instances: [unserved], record: { spent: 0 } };
    expect(decided({ ...given, sale: {} }).action).toEqual({ type: 'choose', replaces: true });
    expect(shown({ ...given, sale: {} })).toEqual({ phase: 'Pending' });
    expect(step({ ...given, sale: { deciding: true } })).toBe('none');
    expect(step({ ...given, sale: { attempt: 1 } })).toBe('release');
    expect(step({ sale: { attempt: 1 }, record: { spent: 0, lastInstance: unserved } })).toBe('create');
  });

  test('that turns out to have no stock is the end of a Pod that nothing else will do for', () => {
    const refusal = { reason: 'TooLargeForOffers', message: 'no' };
    const given = { instances: [unserved], record: { spent: 0, refusal }, sale: {} };
    expect(step(given)).toBe('none');
    expect(shown(given)).toEqual({ phase: 'Failed', reason: 'TooLargeForOffers' });
  });

  test('that comes late, of an attempt that does not count any more, is taken away unless it has begun', () => {
    const late = (phase: Instance['phase']) => [anInstance({ phase })];
    expect(step({ instances: late('Pending'), sale: { attempt: 1 } })).toBe('release');
    expect(step({ instances: late('Running'), sale: { attempt: 1 } })).toBe('none');
    expect(shown({ instances: late('Running'), sale: { attempt: 1 } })).toEqual({ phase: 'Running' });
  });

  test('without stock does not hold up the deletion of its Pod', () => {
    const pod = aPod({ meta: deleted });
    expect(step({ pod, instances: [unserved], sale: {} })).toBe('release');
    expect(step({ pod, sale: {}, record: { lastInstance: unserved, created: 'yes' } })).toBe('finalize');
  });

  test('is the end of a Pod where nothing else can be bought', () => {
    expect(shown({ instances: [unserved] })).toEqual({ phase: 'Failed', reason: 'NoStock' });
  });

  describe('when the deadline has passed', () => {
    const type = 'burstlet.dev/InstanceAvailable';
    const since = new Date(now - 600_000).toISOString();
    const condition = { type, status: 'False', reason: 'OutOfStock', lastTransitionTime: since };
    const given: Case = {
      pod: aPod({ status: { phase: 'Pending', conditions: [condition] } }),
      record: { waiting: { reason: 'OutOfStock', message: 'none' }, spent: 0, shutUntil: now + 9_000 },
    };
    const saidOf = (waits: Case) =>
      decided(waits).status?.conditions?.find((one) => one.type === type)?.message;

    test('it says so and waits', () => {
      expect(saidOf({ ...given, sale: {} })).toBe('none; that has been so for more than 10 min');
      expect(step({ ...given, sale: {} })).toBe('none');
      const policy = { deadlineMs: 601_000, onDeadline: 'fail' } as const;
      expect(saidOf({ ...given, sale: { policy } })).toBe('none');
      expect(decided({ ...given, sale: { policy } }).wakeAt).toBe(now + 1_000);
    });

    test('or it ends, when it is certain that nothing of it goes on', () => {
      const policy = { deadlineMs: 600_000, onDeadline: 'fail' } as const;
      expect(shown({ ...given, sale: { policy } })).toEqual({ phase: 'Failed', reason: 'OutOfStock' });
      const unknown = { ...given.record, created: 'unknown' as const };
      expect(step({ ...given, record: unknown, sale: { policy } })).toBe('look');
    });
  });
});

describe('the notice that the provider takes an instance back', () => {
  const interruption = { at: '2026-01-01T00:03:00.000Z', message: 'the market wants it' };
  const target = (given: Case) =>
    decided(given).status?.conditions?.find(({ type }) => type === 'DisruptionTarget');

  test('is a condition at once, and stays to the end', () => {
    const running = target({ instances: [anInstance({ interruption })] });
    expect(running).toMatchObject({
      ...{ status: 'True', reason: 'TerminationByKubelet' },
      message: 'The provider takes the instance back at 2026-01-01T00:03:00Z: the market wants it',
    });
    const containers = [aContainer({ state: exited(0) })];
    const stopCause = { kind: 'Interrupted', reason: 'SpotReclaimed', message: 'gone' } as const;
    const stopped = { instances: [anInstance({ phase: 'Stopped', interruption, containers, stopCause })] };
    expect(target(stopped)).toMatchObject({ status: 'True', message: 'gone' });
    // It was asked to stop, and its work is not done.
    expect(shown(stopped)).toEqual({ phase: 'Failed', reason: 'SpotReclaimed' });
    expect(decided(stopped).status?.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(0);
  });

  test('is taken back with it', () => {
    const conditions = [{ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet' }];
    const pod = aPod({ status: { phase: 'Running', conditions } });
    expect(target({ pod, instances: [anInstance()] })).toMatchObject({ status: 'False' });
    expect(target({ instances: [anInstance()] })).toBeUndefined();
  });
});

test('whatever is known, at most one attempt is under way, and no instance goes before there is another word', () => {
  const instance = fc.record({
    attempt: fc.integer({ min: 0, max: 3 }),
    phase: fc.constantFrom('Pending' as const, 'Running' as const, 'Stopping' as const, 'Stopped' as const),
    outOfStock: fc.boolean(),
  });
  const view = fc.record({
    instances: fc.array(instance, { maxLength: 2 }),
    sale: fc.record({
      attempt: fc.integer({ min: 0, max: 3 }),
      purchase: fc.constantFrom('none' as const, 'known' as const, 'not sold' as const),
      mine: fc.boolean(),
      deciding: fc.boolean(),
    }),
    record: fc.record({
      spent: fc.integer({ min: 0, max: 3 }),
      doubtAt: fc.integer({ min: now - 60_000, max: now }),
      lookedAt: fc.integer({ min: now - 60_000, max: now }),
      shutUntil: fc.integer({ min: now - 1_000, max: now + 1_000 }),
      holdUntil: fc.constantFrom(0, now + 1),
    }),
  });
  fc.assert(
    fc.property(view, (given) => {
      const instances = given.instances.map(({ attempt, phase, outOfStock }, index) => {
        const none = phase === 'Pending' || outOfStock;
        return anInstance({
          ...{ id: `i-${index}`, attempt, phase: outOfStock ? 'Stopped' : phase },
          ...(none ? { containers: [] } : {}),
          ...(outOfStock ? { stopCause: { kind: 'OutOfStock', reason: 'NoStock', message: '' } } : {}),
        });
      });
      instances.sort((a, b) => a.owner.attempt - b.owner.attempt);
      const { action, claim } = decided({ ...given, instances });
      const { attempt, purchase, mine, deciding } = given.sale;
      if (action.type === 'create') {
        expect(instances).toEqual([]);
        expect({ purchase, mine, deciding }).toEqual({ purchase: 'known', mine: true, deciding: false });
        expect(given.record.spent).not.toBe(attempt);
      }
      if (action.type === 'release') {
        const last = instances.at(-1);
        const surplus = instances.length > 1 && action.instance !== last;
        expect(surplus || (last?.owner.attempt ?? 0) < attempt).toBe(true);
      }
      if (action.type === 'choose') expect(deciding).toBe(false);
      if (claim) expect(instances).toEqual([]);
    }),
    { numRuns: 3_000 },
  );
});
