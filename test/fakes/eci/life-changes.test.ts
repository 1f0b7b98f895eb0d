import * as eci from '@alicloud/eci20180808';
import { describe, expect, it } from 'vitest';
import { codeOf, container, FakeStage, region } from './testing/stage.ts';

const named = (containerGroupId: string) => ({ regionId: region, containerGroupId });

describe('a pending group', () => {
  it('looks for its image again and again, is billed, and fails when that lasts too long', async () => {
    await using stage = await FakeStage.start();
    stage.cloud.setImage('busybox:1.36', false);
    const [found, given] = [await stage.create(), await stage.create()];
    await stage.pastStart();
    expect(await stage.group(found)).toMatchObject({
      status: 'Pending',
      containers: [{ currentState: { state: 'Waiting', reason: 'ImagePullBackOff' } }],
    });
    expect((await stage.group(found))?.events?.at(-1)).toMatchObject({
      type: 'Warning',
      message: expect.stringContaining('busybox:1.36'),
    });
    stage.cloud.setImage('busybox:1.36', true);
    await stage.clock.advance(10_000);
    expect(await stage.status(found)).toBe('Running');
    stage.cloud.setImage('busybox:1.36', false);
    const late = await stage.create();
    await stage.clock.advance(4 * 3_600_000 + 2_000);
    expect(await stage.status(late)).toBe('Failed');
    expect(await stage.status(given)).toBe('Running');
    expect(stage.cloud.bill().at(-1)).toMatchObject({ id: late, seconds: 4 * 3_600 });
  });
});

describe('a running group', () => {
  it('ends when its deadline passes', async () => {
    await using stage = await FakeStage.start();
    const id = await stage.create({ activeDeadlineSeconds: 60 });
    await stage.clock.advance(61_999);
    expect(await stage.status(id)).toBe('Running');
    await stage.clock.advance(1);
    expect(await stage.group(id)).toMatchObject({
      status: 'Failed',
      containers: [{ currentState: { exitCode: 137 } }],
    });
  });

  it('ends its sidecars with its last normal container, and is judged without them', async () => {
    await using stage = await FakeStage.start();
    const sidecar = container('log', { ECI_CONTAINER_TYPE: 'sidecar' });
    const main = container('main', { BURSTLET_FAKE_EXIT: '0', BURSTLET_FAKE_EXIT_AFTER_MS: '1000' });
    const id = await stage.create({ restartPolicy: 'Never', container: [main, sidecar] });
    await stage.pastStart();
    expect(await stage.status(id)).toBe('Running');
    await stage.clock.advance(1000);
    expect(await stage.group(id)).toMatchObject({
      status: 'Succeeded',
      containers: [{ currentState: { exitCode: 0 } }, { currentState: { state: 'Terminated' } }],
    });
  });

  it('is restarted on demand, and only while Pending or Running', async () => {
    await using stage = await FakeStage.start();
    const id = await stage.create();
    const restart = (): Promise<unknown> =>
      stage.client.restartContainerGroup(new eci.RestartContainerGroupRequest(named(id)));
    expect(await codeOf(restart())).toBe('IncorrectStatus');
    await stage.pastStart();
    const before = await stage.group(id);
    await restart();
    expect(await stage.status(id)).toBe('Restarting');
    expect(await codeOf(restart())).toBe('IncorrectStatus');
    await stage.clock.advance(5000);
    const after = await stage.group(id);
    expect(after).toMatchObject({ status: 'Running', intranetIp: before?.intranetIp });
    expect(after?.containers?.[0]?.currentState?.startTime).toBe('2026-01-01T00:00:15Z');
  });

  it('takes new files, and runs on', async () => {
    await using stage = await FakeStage.start();
    const volume = (text: string) => ({
      name: 'config',
      type: 'ConfigFileVolume',
      configFileVolume: {
        configFileToPath: [{ path: 'key', content: Buffer.from(text).toString('base64') }],
      },
    });
    const id = await stage.create({ volume: [new eci.CreateContainerGroupRequestVolume(volume('one'))] });
    await stage.pastStart();
    const update = new eci.UpdateContainerGroupRequest({
      ...named(id),
      volume: [new eci.UpdateContainerGroupRequestVolume(volume('two'))],
    });
    await stage.client.updateContainerGroup(update);
    expect(await stage.group(id)).toMatchObject({
      status: 'Updating',
      containers: [{ currentState: { state: 'Running' } }],
      volumes: [{ configFileVolumeConfigFileToPaths: [{ path: 'key', content: 'dHdv' }] }],
    });
    expect(await codeOf(stage.client.updateContainerGroup(update))).toBe('IncorrectStatus');
    await stage.clock.advance(3000);
    expect(await stage.group(id)).toMatchObject({ status: 'Running', containers: [{ restartCount: 0 }] });
  });

  it('begins anew when an update names containers', async () => {
    await using stage = await FakeStage.start();
    const id = await stage.create();
    await stage.pastStart();
    const changed = new eci.UpdateContainerGroupRequestContainer({ name: 'main', image: 'busybox:2' });
    await stage.client.updateContainerGroup(
      new eci.UpdateContainerGroupRequest({ ...named(id), container: [changed] }),
    );
    expect((await stage.group(id))?.containers?.[0]?.currentState?.state).toBe('Waiting');
    await stage.clock.advance(3000);
    expect(await stage.group(id)).toMatchObject({
      status: 'Running',
      containers: [{ currentState: { startTime: '2026-01-01T00:00:13Z' } }],
    });
  });

  it('does at once what a test makes it do', async () => {
    await using stage = await FakeStage.start();
    const id = await stage.create({ restartPolicy: 'Never' });
    await stage.pastStart();
    stage.cloud.setReady(id, 'main', false);
    expect((await stage.group(id))?.containers?.[0]?.ready).toBe(false);
    stage.cloud.exit(id, 'main', 9);
    expect(await stage.group(id)).toMatchObject({
      status: 'Failed',
      containers: [{ currentState: { exitCode: 9 } }],
    });
    const lost = await stage.create();
    stage.cloud.vanish(lost);
    expect(await stage.group(lost)).toBeUndefined();
    expect(() => stage.cloud.vanish(lost)).toThrow(`the fake has no group ${lost}`);
  });
});

describe('DeleteContainerGroup', () => {
  it('bills a group that was never placed nothing, one that waits until then', async () => {
    await using stage = await FakeStage.start();
    const early = await stage.create();
    await stage.delete(early);
    const pending = await stage.create();
    await stage.clock.advance(5000);
    await stage.delete(pending);
    await stage.clock.advance(5000);
    expect(stage.cloud.bill()).toMatchObject([{ id: pending, seconds: 3 }]);
    expect(await stage.group(early)).toBeUndefined();
    expect(await stage.group(pending)).toBeUndefined();
  });

  it('forgets an ended group at once, and does not know it afterwards', async () => {
    await using stage = await FakeStage.start();
    const id = await stage.create({ restartPolicy: 'Never' }, { BURSTLET_FAKE_EXIT: '0' });
    await stage.pastStart();
    await stage.delete(id);
    expect(await stage.group(id)).toBeUndefined();
    expect(await codeOf(stage.delete(id))).toBe('InvalidContainerGroupId.NotFound');
  });

  it('conflicts with itself while it goes on, unless forced, which kills', async () => {
    await using stage = await FakeStage.start();
    const id = await stage.create({}, { BURSTLET_FAKE_SCRIPT: '{"onTerm":"ignore"}' });
    await stage.pastStart();
    await stage.delete(id, 'token');
    expect(await codeOf(stage.delete(id, 'token'))).toBe('no error');
    expect(await codeOf(stage.delete(id))).toBe('OperationConflict');
    const request = new eci.DeleteContainerGroupRequest(named(id));
    const force = { extendsParameters: { queries: { Force: 'true' } } } as never;
    await stage.client.deleteContainerGroupWithOptions(request, force);
    expect((await stage.group(id))?.containers?.[0]?.currentState).toMatchObject({ exitCode: 137 });
  });
});
