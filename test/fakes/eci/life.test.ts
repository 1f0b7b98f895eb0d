import { describe, expect, it } from 'vitest';
import { container, FakeStage } from './testing/stage.ts';

describe('the life of a container group', () => {
  it('goes through its stages at their times, and is billed from Pending on', async () => {
    await using stage = await FakeStage.start();
    const id = await stage.create();
    expect(await stage.status(id)).toBe('Scheduling');
    await stage.clock.advance(1999);
    expect(await stage.status(id)).toBe('Scheduling');
    expect(stage.cloud.bill()).toEqual([]);
    await stage.clock.advance(1);
    expect(await stage.status(id)).toBe('Pending');
    await stage.clock.advance(7999);
    expect(await stage.status(id)).toBe('Pending');
    await stage.clock.advance(1);
    expect(await stage.status(id)).toBe('Running');
    await stage.clock.advance(50_000);
    const [line] = stage.cloud.bill();
    expect(line).toMatchObject({ id, cpu: 2, memory: 4, seconds: 58, perSecond: 0.00012252 });
    expect(line?.amount).toBeCloseTo(58 * 0.00012252, 10);
  });

  it('ends as its containers and its restart policy say', async () => {
    await using stage = await FakeStage.start();
    const ends = { BURSTLET_FAKE_EXIT: '3', BURSTLET_FAKE_EXIT_AFTER_MS: '4000' };
    const failed = await stage.create({ restartPolicy: 'Never' }, ends);
    const succeeded = await stage.create({ restartPolicy: 'OnFailure' }, { BURSTLET_FAKE_EXIT: '0' });
    const restarted = await stage.create({ restartPolicy: 'OnFailure' }, ends);
    await stage.pastStart();
    expect(await stage.status(failed)).toBe('Running');
    expect(await stage.status(succeeded)).toBe('Succeeded');
    await stage.clock.advance(4000);
    const group = await stage.group(failed);
    expect(group).toMatchObject({ status: 'Failed', failedTime: '2026-01-01T00:00:14Z' });
    expect(group?.containers?.[0]?.currentState).toMatchObject({ state: 'Terminated', exitCode: 3 });
    expect((await stage.group(restarted))?.containers?.[0]).toMatchObject({
      restartCount: 1,
      currentState: { state: 'Running' },
      previousState: { exitCode: 3 },
    });
    expect(stage.cloud.bill().map(({ seconds }) => seconds)).toEqual([12, 8, 12]);
  });

  it('runs init containers first, one by one, while Pending', async () => {
    await using stage = await FakeStage.start();
    const step = { BURSTLET_FAKE_EXIT: '0', BURSTLET_FAKE_EXIT_AFTER_MS: '1000' };
    const id = await stage.create({ initContainer: [container('one', step), container('two', step)] });
    await stage.clock.advance(11_000);
    const group = await stage.group(id);
    expect(group?.status).toBe('Pending');
    expect(group?.initContainers?.map(({ currentState }) => currentState?.state)).toEqual([
      'Terminated',
      'Running',
    ]);
    expect(group?.containers?.[0]?.currentState).toMatchObject({
      state: 'Waiting',
      reason: 'PodInitializing',
    });
    await stage.clock.advance(1000);
    expect(await stage.status(id)).toBe('Running');
  });

  it('fails with its init container, and starts nothing more', async () => {
    await using stage = await FakeStage.start();
    const fails = container('setup', { BURSTLET_FAKE_EXIT: '4' });
    const id = await stage.create({ restartPolicy: 'Never', initContainer: [fails] });
    await stage.pastStart();
    const group = await stage.group(id);
    expect(group?.status).toBe('Failed');
    expect(group?.containers?.[0]?.currentState?.state).toBe('Waiting');
  });

  it('is Terminating until its containers have ended, then gone; the bill ends with the last of them', async () => {
    await using stage = await FakeStage.start();
    const script = { onTerm: { code: 7, afterMs: 3000 } };
    const id = await stage.create({}, { BURSTLET_FAKE_SCRIPT: JSON.stringify(script) });
    await stage.pastStart();
    await stage.delete(id);
    expect(await stage.status(id)).toBe('Terminating');
    await stage.clock.advance(3000);
    const group = await stage.group(id);
    expect(group).toMatchObject({ status: 'Terminating', containers: [{ currentState: { exitCode: 7 } }] });
    await stage.clock.advance(2000);
    expect(await stage.group(id)).toBeUndefined();
    await stage.clock.advance(60_000);
    expect(stage.cloud.bill()).toMatchObject([{ seconds: 11, endedAt: '2026-01-01T00:00:13Z' }]);
  });

  it('is killed when its grace period is over', async () => {
    await using stage = await FakeStage.start();
    const stubborn = { BURSTLET_FAKE_SCRIPT: '{"onTerm":"ignore"}' };
    const id = await stage.create({ terminationGracePeriodSeconds: 5 }, stubborn);
    await stage.pastStart();
    await stage.delete(id);
    await stage.clock.advance(4999);
    expect((await stage.group(id))?.containers?.[0]?.currentState?.state).toBe('Running');
    await stage.clock.advance(1);
    expect((await stage.group(id))?.containers?.[0]?.currentState).toMatchObject({ exitCode: 137 });
  });
});
