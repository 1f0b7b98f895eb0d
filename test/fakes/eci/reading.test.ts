import * as eci from '@alicloud/eci20180808';
import { describe, expect, it } from 'vitest';
import { codeOf, FakeStage, region } from './testing/stage.ts';

type LogFields = ConstructorParameters<typeof eci.DescribeContainerLogRequest>[0];

async function log(
  stage: FakeStage,
  containerGroupId: string,
  fields: LogFields = {},
): Promise<string | undefined> {
  const request = new eci.DescribeContainerLogRequest({
    regionId: region,
    containerGroupId,
    containerName: 'main',
    ...fields,
  });
  return (await stage.client.describeContainerLog(request)).body?.content;
}

const script = (fields: object) => ({ BURSTLET_FAKE_SCRIPT: JSON.stringify(fields) });

describe('DescribeContainerLog', () => {
  it('gives what was written until now, tail first, then by time', async () => {
    await using stage = await FakeStage.start();
    const logs = ['a', { stderr: 'b' }, 'c', 'd'];
    const id = await stage.create({}, script({ logs, logEveryMs: 1000 }));
    expect(await codeOf(log(stage, id))).toBe('IncorrectStatus');
    await stage.pastStart();
    await stage.clock.advance(1500);
    expect(await log(stage, id)).toBe('a\nb\n');
    await stage.clock.advance(10_000);
    expect(await log(stage, id, { tail: 2 })).toBe('c\nd\n');
    expect(await log(stage, id, { tail: 0 })).toBe('');
    expect(await log(stage, id, { sinceSeconds: 9 })).toBe('d\n');
    expect(await log(stage, id, { tail: 1, startTime: '2026-01-01T00:00:11Z' })).toBe('d\n');
    expect(await log(stage, id, { startTime: '2026-01-01T00:00:12.9Z' })).toBe('c\nd\n');
    expect(await log(stage, id, { limitBytes: 3 })).toBe('a\nb');
    expect(await log(stage, id, { timestamps: true, tail: 1 })).toBe('2026-01-01T00:00:13.000000003Z d\n');
    expect(await codeOf(log(stage, id, { tail: 2001 }))).toBe('InvalidParameter');
    expect(await codeOf(log(stage, id, { startTime: 'yesterday' }))).toBe('InvalidParameter');
  });

  it('shows five hundred lines when nothing is said', async () => {
    await using stage = await FakeStage.start();
    const logs = Array.from({ length: 600 }, (_, index) => `line ${index}`);
    const id = await stage.create({}, script({ logs }));
    await stage.pastStart();
    expect((await log(stage, id))?.split('\n').slice(0, 2)).toEqual(['line 100', 'line 101']);
  });

  it('tells the run before, when there is one', async () => {
    await using stage = await FakeStage.start();
    const exits = [
      { code: 1, afterMs: 1000 },
      { code: 1, afterMs: 60_000 },
    ];
    const id = await stage.create({}, script({ logs: ['x'], exits }));
    await stage.pastStart();
    expect(await codeOf(log(stage, id, { lastTime: true }))).toBe('InvalidContainerName.NotFound');
    await stage.clock.advance(2000);
    expect(await log(stage, id, { lastTime: true })).toBe('x\n');
    expect(await codeOf(log(stage, id, { containerName: 'none' }))).toBe('InvalidContainerName.NotFound');
    expect(await codeOf(log(stage, 'eci-none'))).toBe('InvalidContainerGroupId.NotFound');
  });

  it('has the environment of the container, with its address where it asks for it', async () => {
    await using stage = await FakeStage.start();
    const environmentVar = [
      { key: 'BURSTLET_FAKE_SCRIPT', value: JSON.stringify({ logs: [], printEnv: ['PLAIN', 'POD_IP'] }) },
      { key: 'PLAIN', value: 'a "b" $c' },
      { key: 'POD_IP', fieldRef: { fieldPath: 'status.podIP' } },
    ];
    const main = new eci.CreateContainerGroupRequestContainer({
      name: 'main',
      image: 'busybox',
      environmentVar,
    });
    const id = await stage.create({ container: [main] });
    await stage.pastStart();
    expect(await log(stage, id)).toBe(`a "b" $c\n${(await stage.group(id))?.intranetIp}\n`);
  });
});

describe('metrics', () => {
  it('are the newest of several groups; what does not run has none', async () => {
    await using stage = await FakeStage.start();
    const runs = await stage.create({}, script({ cpuMillis: 250, memoryBytes: 1000 }));
    await stage.pastStart();
    const waits = await stage.create();
    await stage.clock.advance(1500);
    const { body } = await stage.client.describeMultiContainerGroupMetric(
      new eci.DescribeMultiContainerGroupMetricRequest({
        regionId: region,
        containerGroupIds: JSON.stringify([runs, waits, 'eci-none']),
        metricType: 'summary',
      }),
    );
    expect(body?.monitorDatas).toMatchObject([
      {
        containerGroupId: runs,
        records: [
          {
            timestamp: '2026-01-01T00:00:11Z',
            CPU: { usageCoreNanoSeconds: 375_000_000 },
            containers: [{ name: 'main', memory: { workingSet: 1000 } }],
          },
        ],
      },
      { containerGroupId: waits, records: [] },
    ]);
  });

  it('are a row of one group, fifty at most', async () => {
    await using stage = await FakeStage.start();
    const id = await stage.create();
    await stage.clock.advance(3_600_000);
    const rows = async (
      fields: ConstructorParameters<typeof eci.DescribeContainerGroupMetricRequest>[0],
    ): Promise<(string | undefined)[]> => {
      const request = new eci.DescribeContainerGroupMetricRequest({
        regionId: region,
        containerGroupId: id,
        ...fields,
      });
      const { body } = await stage.client.describeContainerGroupMetric(request);
      return body?.records?.map(({ timestamp }) => timestamp) ?? [];
    };
    expect(await rows({})).toHaveLength(21);
    const hour = { startTime: '2026-01-01T00:00:00Z', endTime: '2026-01-01T00:10:00Z' };
    expect(await rows(hour)).toHaveLength(11);
    expect(await rows({ ...hour, period: '600' })).toEqual(['2026-01-01T00:00:00Z', '2026-01-01T00:10:00Z']);
    expect(await rows({ ...hour, endTime: '2026-01-01T01:00:00Z', period: '15' })).toHaveLength(50);
    expect(await codeOf(rows({ period: '7' }))).toBe('InvalidParameter');
  });
});

describe('prices', () => {
  it('are those of the documented sample, per second, and on spot per hour', async () => {
    await using stage = await FakeStage.start();
    const price = async (
      fields: ConstructorParameters<typeof eci.DescribeContainerGroupPriceRequest>[0],
    ): Promise<eci.DescribeContainerGroupPriceResponseBodyPriceInfo | undefined> => {
      const request = new eci.DescribeContainerGroupPriceRequest({ regionId: region, ...fields });
      return (await stage.client.describeContainerGroupPrice(request)).body?.priceInfo;
    };
    expect((await price({ cpu: 2, memory: 4 }))?.price).toMatchObject({
      currency: 'CNY',
      tradePrice: 0.00012252,
      discountPrice: 0,
    });
    expect((await price({ cpu: 1.5, memory: 4, ephemeralStorage: 10 }))?.price?.tradePrice).toBe(0.00012842);
    const spot = await price({ instanceType: 'ecs.c5.large', spotStrategy: 'SpotAsPriceGo' });
    expect(spot?.spotPrices?.spotPrice).toMatchObject([
      { zoneId: 'cn-hangzhou-h', instanceType: 'ecs.c5.large', originPrice: 0.622, spotPrice: 0.1244 },
      { zoneId: 'cn-hangzhou-i' },
    ]);
    expect(await codeOf(price({ cpu: 2 }))).toBe('MissingParameter');
  });

  it('are what the bill counts with', async () => {
    await using stage = await FakeStage.start();
    await stage.create({ cpu: 2, memory: 4, ephemeralStorage: 10 });
    await stage.clock.advance(102_000);
    expect(stage.cloud.bill()).toMatchObject([{ perSecond: 0.00012842, amount: 0.012842 }]);
  });
});

describe('the region', () => {
  it('tells its zones, and the quota that is used', async () => {
    await using stage = await FakeStage.start({ quotaCpu: 100 });
    const { body: regions } = await stage.client.describeRegions(new eci.DescribeRegionsRequest({}));
    expect(regions?.regions).toMatchObject([{ regionId: region, zones: ['cn-hangzhou-h', 'cn-hangzhou-i'] }]);
    await stage.create({ cpu: 8, memory: 16 });
    const { body: usage } = await stage.client.listUsage(new eci.ListUsageRequest({ regionId: region }));
    expect(usage?.attributes).toMatchObject({ UsedCpu: 8, MaxCpu: 100 });
  });

  it('tells what is in stock where', async () => {
    await using stage = await FakeStage.start();
    stage.cloud.stock.set({ zone: 'cn-hangzhou-h', market: 'spot', cpu: 2 }, 0);
    const statuses = async (spotStrategy: string): Promise<unknown> => {
      const request = new eci.DescribeAvailableResourceRequest({
        regionId: region,
        destinationResource: { category: 'InstanceTypeFamily', cores: 2, memory: 4 },
        spotResource: { spotStrategy },
      });
      const { body } = await stage.client.describeAvailableResource(request);
      return body?.availableZones?.availableZone?.map(
        ({ availableResources }) =>
          availableResources?.availableResource?.[0]?.supportedResources?.supportedResource?.[0]
            ?.statusCategory,
      );
    };
    expect(await statuses('SpotAsPriceGo')).toEqual(['WithoutStock', 'WithStock']);
    expect(await statuses('NoSpot')).toEqual(['WithStock', 'WithStock']);
  });
});

describe('ExecContainerCommand', () => {
  it('answers a command that is run to its end, or gives an address', async () => {
    await using stage = await FakeStage.start();
    const id = await stage.create();
    const exec = async (
      fields: ConstructorParameters<typeof eci.ExecContainerCommandRequest>[0],
    ): Promise<eci.ExecContainerCommandResponseBody | undefined> => {
      const request = new eci.ExecContainerCommandRequest({
        regionId: region,
        containerGroupId: id,
        containerName: 'main',
        command: JSON.stringify(['echo', 'one', 'two']),
        ...fields,
      });
      return (await stage.client.execContainerCommand(request)).body;
    };
    expect(await codeOf(exec({ sync: true, TTY: false }))).toBe('IncorrectStatus');
    await stage.pastStart();
    expect(await exec({ sync: true, TTY: false })).toMatchObject({ syncResponse: 'one two\n' });
    stage.cloud.onExec = ({ container, command }) => `${container}: ${command.length}`;
    expect(await exec({ sync: true })).toMatchObject({ syncResponse: 'main: 3' });
    expect(await codeOf(exec({ sync: true, TTY: true }))).toBe('InvalidParameter');
    expect((await exec({ TTY: true }))?.webSocketUri).toMatch(/^ws:\/\/127.*\/exec\/\?s=/);
    expect(await codeOf(exec({ command: 'ls' }))).toBe('InvalidParameter');
    expect(await codeOf(exec({ command: JSON.stringify(Array(21).fill('x')) }))).toBe('InvalidParameter');
    expect(await codeOf(exec({ command: JSON.stringify(['x'.repeat(257)]) }))).toBe(
      'InvalidParameter.ValueExceeded',
    );
    expect(await codeOf(exec({ containerName: 'none' }))).toBe('InvalidContainerName.NotFound');
  });
});
