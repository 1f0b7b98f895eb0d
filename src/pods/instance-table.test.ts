import { describe, expect, test } from 'vitest';
import type { InstancePhase } from '../../providers/contract/index.ts';
import { FakeClock } from '../telemetry/fake-clock.ts';
import { InstanceTable } from './instance-table.ts';
import { aContainer, anInstance } from './testing/objects.ts';

function setUp() {
  const clock = new FakeClock();
  const changed: string[] = [];
  const table = new InstanceTable(clock, (uid) => changed.push(uid));
  const put = (phase: InstancePhase, id = 'i-1'): void =>
    table.apply({ type: 'changed', instance: anInstance({ id, phase }) });
  const phases = (): string[] => table.of('uid-1').map((instance) => instance.phase);
  return { clock, table, changed, put, phases };
}

describe('InstanceTable', () => {
  test('an instance never goes back to an earlier phase', () => {
    const { put, phases } = setUp();
    put('Running');
    put('Pending');
    expect(phases()).toEqual(['Running']);
    put('Stopped');
    put('Stopping');
    expect(phases()).toEqual(['Stopped']);
  });

  test('the latest instance of a Pod is the last, in whatever order they are heard of', () => {
    const { table } = setUp();
    const made = (id: string, createdAt: string, attempt = 0) => ({
      ...anInstance({ id, attempt }),
      createdAt,
    });
    table.apply({ type: 'changed', instance: made('second', '2026-01-01T00:00:02.000Z') });
    table.apply({ type: 'changed', instance: made('first', '2026-01-01T00:00:01.000Z') });
    expect(table.of('uid-1').map(({ ref }) => ref.id)).toEqual(['first', 'second']);
    table.apply({ type: 'changed', instance: made('retry', '2026-01-01T00:00:00.000Z', 1) });
    expect(table.of('uid-1').at(-1)?.ref.id).toBe('retry');
  });

  test('a late echo of a deleted instance does not bring it back, a lasting presence does', async () => {
    const { clock, table, put, phases } = setUp();
    put('Running');
    table.remove({ id: 'i-1', podUid: 'uid-1' });
    put('Running');
    expect(phases()).toEqual([]);
    await clock.advance(60_000);
    table.applyList([anInstance({ id: 'i-1', phase: 'Running' })], table.version);
    expect(phases()).toEqual(['Running']);
  });

  test('absence counts only when two complete lists in a row show it', () => {
    const { table, put, phases } = setUp();
    put('Running');
    table.applyList([], table.version);
    expect(phases()).toEqual(['Running']);
    expect(table.doubtful).toBe(true);
    table.applyList([anInstance({ id: 'i-1', phase: 'Running' })], table.version);
    table.applyList([], table.version);
    expect(phases()).toEqual(['Running']);
    table.applyList([], table.version);
    expect(phases()).toEqual([]);
    expect(table.doubtful).toBe(false);
  });

  test('a list that was asked for before an instance was made does not speak against it', () => {
    const { table, put, phases } = setUp();
    const since = table.version;
    put('Pending');
    table.applyList([], since);
    table.applyList([], since);
    expect(phases()).toEqual(['Pending']);
  });

  test('a list never overwrites what was reported after it was asked for', () => {
    const { table, put, phases } = setUp();
    put('Pending');
    const since = table.version;
    put('Running');
    table.applyList([anInstance({ id: 'i-1', phase: 'Pending' })], since);
    expect(phases()).toEqual(['Running']);
  });

  test('the answer to a create never overwrites what was heard of the instance meanwhile', () => {
    const { table, put, phases } = setUp();
    const restarted = anInstance({ containers: [aContainer({ restartCount: 1 })] });
    table.apply({ type: 'changed', instance: restarted });
    table.created(anInstance());
    expect(table.of('uid-1')).toEqual([restarted]);
    table.remove(restarted.ref);
    table.created(anInstance());
    expect(phases()).toEqual([]);
    put('Stopped', 'i-2');
    table.created(anInstance({ id: 'i-3', uid: 'uid-3' }));
    expect(table.of('uid-3')).toHaveLength(1);
  });

  test('tells of each UID that changed', () => {
    const { table, changed, put } = setUp();
    put('Pending');
    table.apply({ type: 'gone', ref: { id: 'i-1', podUid: 'uid-1' } });
    table.apply({ type: 'gone', ref: { id: 'i-1', podUid: 'uid-1' } });
    expect(changed).toEqual(['uid-1', 'uid-1']);
  });
});
