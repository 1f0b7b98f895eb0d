import * as eci from '@alicloud/eci20180808';
import { describe, expect, it } from 'vitest';
import { codeOf, FakeStage, region } from './testing/stage.ts';

type ListFields = ConstructorParameters<typeof eci.DescribeContainerGroupsRequest>[0];
type StatusFields = ConstructorParameters<typeof eci.DescribeContainerGroupStatusRequest>[0];

const list = async (
  stage: FakeStage,
  fields: ListFields = {},
): Promise<eci.DescribeContainerGroupsResponseBody> =>
  (
    await stage.client.describeContainerGroups(
      new eci.DescribeContainerGroupsRequest({ regionId: region, ...fields }),
    )
  ).body ?? new eci.DescribeContainerGroupsResponseBody();

const statusOf = async (
  stage: FakeStage,
  fields: StatusFields = {},
): Promise<eci.DescribeContainerGroupStatusResponseBody> =>
  (
    await stage.client.describeContainerGroupStatus(
      new eci.DescribeContainerGroupStatusRequest({ regionId: region, ...fields }),
    )
  ).body ?? new eci.DescribeContainerGroupStatusResponseBody();

async function createMany(stage: FakeStage, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let made = 0; made < count; made++)
    ids.push(await stage.create({ tag: [{ key: 'n', value: `${made % 2}` }] }));
  return ids;
}

describe('DescribeContainerGroups', () => {
  it('pages by twenty at most; a page may hold fewer and yet not be the last', async () => {
    for (const [pageFill, pages] of [
      [1, [20, 20, 5]],
      [0.7, [14, 14, 14, 3]],
    ] as const) {
      await using stage = await FakeStage.start({ pageFill });
      const ids = await createMany(stage, 45);
      const seen: string[] = [];
      const sizes: number[] = [];
      let nextToken = '';
      do {
        const page = await list(stage, nextToken === '' ? {} : { nextToken });
        sizes.push(page.containerGroups?.length ?? 0);
        for (const group of page.containerGroups ?? []) seen.push(group.containerGroupId ?? '');
        nextToken = page.nextToken ?? '';
      } while (nextToken !== '');
      expect(sizes).toEqual(pages);
      expect(seen).toEqual(ids);
    }
  });

  it('keeps its pages whole while groups come and go', async () => {
    await using stage = await FakeStage.start({ stages: { releasingMs: 0 } });
    const ids = await createMany(stage, 30);
    const first = await list(stage);
    await stage.delete(ids[0] ?? '');
    const second = await list(stage, { nextToken: first.nextToken ?? '' });
    expect(second.containerGroups?.map(({ containerGroupId }) => containerGroupId)).toEqual(ids.slice(20));
  });

  it('filters by tag, name, status, zone and IDs', async () => {
    await using stage = await FakeStage.start();
    const ids = await createMany(stage, 4);
    const other = await stage.create({ containerGroupName: 'other', vSwitchId: 'vsw-fake-i' });
    const found = async (fields: ListFields): Promise<(string | undefined)[]> =>
      ((await list(stage, fields)).containerGroups ?? []).map(({ containerGroupId }) => containerGroupId);
    expect(await found({ tag: [{ key: 'n', value: '1' }] })).toEqual([ids[1], ids[3]]);
    expect(await found({ tag: [{ key: 'n' }] })).toEqual(ids);
    expect(await found({ tag: [{ key: 'm', value: '1' }] })).toEqual([]);
    expect(await found({ containerGroupName: 'other' })).toEqual([other]);
    expect(await found({ vSwitchId: 'vsw-fake-i' })).toEqual([other]);
    expect(await found({ zoneId: 'cn-hangzhou-h' })).toEqual(ids);
    expect(await found({ status: 'Running' })).toEqual([]);
    expect(await found({ containerGroupIds: JSON.stringify([other, 'eci-none', ids[2]]) })).toEqual([
      other,
      ids[2],
    ]);
    expect((await list(stage, { tag: [{ key: 'n', value: '1' }] })).totalCount).toBe(2);
  });

  it('takes at most twenty IDs, as JSON, and at most twenty per page', async () => {
    await using stage = await FakeStage.start();
    const ids = JSON.stringify(Array.from({ length: 21 }, (_, index) => `eci-${index}`));
    expect(await codeOf(list(stage, { containerGroupIds: ids }))).toBe('InvalidParameter');
    expect(await codeOf(list(stage, { containerGroupIds: 'eci-1,eci-2' }))).toBe('InvalidParameter');
    expect(await codeOf(list(stage, { limit: 21 }))).toBe('InvalidParameter');
    expect(await codeOf(list(stage, { nextToken: 'bm9uZQ' }))).toBe('InvalidParameter');
  });

  it('forgets ended groups: all but a hundred when they are older than an hour', async () => {
    await using stage = await FakeStage.start({ limits: 'none' });
    const ends = { BURSTLET_FAKE_EXIT: '0' };
    const ids: string[] = [];
    for (let made = 0; made < 103; made++) ids.push(await stage.create({ restartPolicy: 'Never' }, ends));
    const lives = await stage.create();
    await stage.clock.advance(3_600_000);
    expect(await stage.status(ids[0] ?? '')).toBe('Succeeded');
    await stage.clock.advance(1);
    expect(await stage.group(ids[2] ?? '')).toBeUndefined();
    expect(await stage.status(ids[3] ?? '')).toBe('Succeeded');
    expect(await stage.status(lives)).toBe('Running');
    expect((await list(stage)).totalCount).toBe(101);
  });
});

describe('DescribeContainerGroupStatus', () => {
  it('tells what the SDK can read, with its odd keys', async () => {
    await using stage = await FakeStage.start();
    const id = await stage.create();
    expect((await statusOf(stage)).data).toMatchObject([
      {
        containerGroupId: id,
        status: 'Scheduling',
        podStatus: {
          phase: 'Pending',
          conditions: [
            { type: 'PodScheduled', status: 'False' },
            { type: 'ContainerInstanceCreated', status: 'False', reason: 'Creating' },
          ],
        },
      },
    ]);
    await stage.pastStart();
    expect((await statusOf(stage)).data?.[0]).toMatchObject({
      status: 'Running',
      uuid: id,
      podStatus: {
        phase: 'Running',
        podIp: '10.0.0.1',
        podIps: [{ ip: '10.0.0.1' }],
        startTime: '2026-01-01T00:00:02Z',
        containerStatuses: [
          { name: 'main', ready: true, state: { running: { startedAtstartedAt: '2026-01-01T00:00:10Z' } } },
        ],
      },
    });
    const ready = (await statusOf(stage)).data?.[0]?.podStatus?.conditions?.find(
      ({ type }) => type === 'Ready',
    );
    expect(ready).toMatchObject({ status: 'True', lastTransitionTime: '2026-01-01T00:00:10Z' });
  });

  it('tells why a group was not placed, and that one will be taken back', async () => {
    await using stage = await FakeStage.start();
    stage.cloud.stock.set({ zone: 'cn-hangzhou-h' }, 0);
    await stage.create({ vSwitchId: 'vsw-fake-h' });
    const spot = await stage.create({ vSwitchId: 'vsw-fake-i', spotStrategy: 'SpotAsPriceGo' });
    await stage.pastStart();
    stage.cloud.interrupt(spot, 300_000);
    const created = (await statusOf(stage)).data?.map(({ status, podStatus }) => [
      status,
      podStatus?.phase,
      podStatus?.conditions?.find(({ type }) => type === 'ContainerInstanceCreated')?.reason,
    ]);
    expect(created).toEqual([
      ['ScheduleFailed', 'Failed', 'NoStock'],
      ['Running', 'Running', 'SpotToBeReleased'],
    ]);
  });

  it('tells only what changed of late', async () => {
    await using stage = await FakeStage.start();
    const [first, second] = await createMany(stage, 2);
    await stage.pastStart();
    await stage.clock.advance(20_000);
    const changed = async (sinceSecond: number): Promise<(string | undefined)[]> =>
      ((await statusOf(stage, { sinceSecond })).data ?? []).map(({ containerGroupId }) => containerGroupId);
    expect(await changed(20)).toEqual([first, second]);
    expect(await changed(19)).toEqual([]);
    stage.cloud.exit(second ?? '', 'main', 1);
    await stage.clock.advance(5_000);
    expect(await changed(5)).toEqual([second]);
  });

  it('pages by two hundred', async () => {
    await using stage = await FakeStage.start();
    await createMany(stage, 7);
    const page = await statusOf(stage, { limit: 5 });
    expect(page.data).toHaveLength(5);
    expect((await statusOf(stage, { limit: 5, nextToken: page.nextToken ?? '' })).data).toHaveLength(2);
    expect(await codeOf(statusOf(stage, { limit: 201 }))).toBe('InvalidParameter');
  });
});

it('DescribeContainerGroupEvents tells by source and time', async () => {
  await using stage = await FakeStage.start();
  const id = await stage.create({ spotStrategy: 'SpotAsPriceGo' });
  await stage.pastStart();
  await stage.clock.advance(60_000);
  stage.cloud.interrupt(id, 180_000);
  const events = async (
    fields: ConstructorParameters<typeof eci.DescribeContainerGroupEventsRequest>[0],
  ): Promise<(string | undefined)[]> => {
    const request = new eci.DescribeContainerGroupEventsRequest({
      regionId: region,
      containerGroupIds: JSON.stringify([id]),
      ...fields,
    });
    const { body } = await stage.client.describeContainerGroupEvents(request);
    expect(body?.data?.[0]?.events?.[0]?.involvedObject).toMatchObject({ kind: 'Pod', uid: id });
    return body?.data?.[0]?.events?.map(({ reason }) => reason) ?? [];
  };
  expect(await events({})).toEqual(['Pulling', 'Pulled', 'Started', 'SpotToBeReleased']);
  expect(await events({ eventSource: 'EciService' })).toEqual(['SpotToBeReleased']);
  expect(await events({ sinceSecond: 60 })).toEqual(['Pulled', 'Started', 'SpotToBeReleased']);
});
