import { beforeEach, describe, expect, it } from 'vitest';
import type { Ownership } from '../contract/index.ts';
import type { Group, GroupStatus } from './api/eci-api.ts';
import { KnownInstances } from './known.ts';

const owner: Ownership = {
  clusterUid: 'c',
  node: 'n',
  namespace: 'default',
  name: 'web',
  podUid: 'uid',
  attempt: 0,
};
const ref = { id: 'eci-1', podUid: 'uid' };
const start = Date.UTC(2026, 0, 1);
const startTime = '2026-01-01T00:00:02Z';

let now: number;
let known: KnownInstances;

beforeEach(() => {
  now = start;
  known = new KnownInstances(() => now);
});

function group(status: string, more: Partial<Group> = {}): Group {
  const currentState =
    status === 'Running'
      ? { state: 'Running', startTime }
      : { state: 'Terminated', exitCode: 0, finishTime: startTime };
  const containers = [{ name: 'main', image: 'nginx', currentState, ready: true }];
  return {
    containerGroupId: 'eci-1',
    status,
    creationTime: '2026-01-01T00:00:01Z',
    cpu: 2,
    containers,
    ...more,
  };
}

const billed: GroupStatus = { podStatus: { startTime } };

describe('what is known', () => {
  it('keeps an instance that was just created until the platform shows it, for two minutes', () => {
    known.accepted(ref, owner, 2);
    known.missing(ref.id);
    expect(known.get(ref.id)?.phase).toBe('Pending');
    expect(known.usedCpu()).toBe(2);
    now += 121_000;
    known.missing(ref.id);
    expect(known.get(ref.id)).toBeUndefined();
  });

  it('tells the time of creation that the caller of create was told, for as long as it lives', () => {
    known.accepted(ref, owner, 2);
    known.pinned(ref.id);
    expect(known.saw(group('Running'), owner, undefined)?.instance.createdAt).toBe(
      '2026-01-01T00:00:00.000Z',
    );
  });

  it('never goes back, whatever order the answers come in', () => {
    known.saw(group('Running'), owner, undefined);
    known.stopAsked(ref.id);
    expect(known.saw(group('Running'), owner, undefined)?.instance.phase).toBe('Stopping');
    known.missing(ref.id);
    const late = known.saw(group('Running'), owner, undefined)?.instance;
    expect([late?.phase, late?.containers[0]?.state.kind]).toEqual(['Stopped', 'terminated']);
  });

  it('learns from a later answer when it was billed, also of an instance that has ended', () => {
    const ended = group('Succeeded', { succeededTime: '2026-01-01T00:00:09Z' });
    expect(known.saw(ended, owner, undefined)?.instance.billing).toBeUndefined();
    expect(known.saw(ended, owner, billed)?.instance.billing).toEqual({
      startedAt: '2026-01-01T00:00:02.000Z',
      endedAt: '2026-01-01T00:00:09.000Z',
    });
    known.missing(ref.id);
    expect(known.get(ref.id)?.billing?.endedAt, 'forgotten by the platform after an hour').toBeDefined();
  });

  it('knows nothing any more of what was deleted, even if a listing still has it', () => {
    known.saw(group('Running'), owner, undefined);
    known.deleted(ref.id);
    expect(known.saw(group('Running'), owner, undefined)).toBeUndefined();
    expect(known.inScope({ clusterUid: 'c', node: 'n' })).toEqual([]);
  });

  it('takes an instance whose containers never ran to be billed until its deletion was accepted', () => {
    known.accepted(ref, owner, 2);
    known.saw(group('Pending', { containers: [] }), owner, billed);
    now += 5_700;
    known.stopAsked(ref.id);
    now += 3_000;
    known.missing(ref.id);
    expect(known.get(ref.id)?.billing?.endedAt).toBe('2026-01-01T00:00:05.000Z');
  });

  it('says that a container was killed only when it was', () => {
    known.saw(group('Running'), owner, undefined);
    known.stopAsked(ref.id);
    known.killed(ref.id);
    known.missing(ref.id);
    expect(known.get(ref.id)?.containers[0]?.state).toMatchObject({
      exitCode: 137,
      signal: 9,
      reason: 'Error',
    });
  });
});
