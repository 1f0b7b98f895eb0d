import { describe, expect, it } from 'vitest';
import { codeOf, createRequest, FakeStage } from './testing/stage.ts';

const zoneH = { vSwitchId: 'vsw-fake-h' };

describe('stock', () => {
  it('that is short is told late: a group that is never placed, nor billed', async () => {
    await using stage = await FakeStage.start();
    stage.cloud.stock.set({ zone: 'cn-hangzhou-h' }, 1);
    const [placed, short] = [await stage.create(zoneH), await stage.create(zoneH)];
    await stage.clock.advance(2000);
    expect(await stage.status(placed)).toBe('Pending');
    expect(await stage.group(short)).toMatchObject({
      status: 'ScheduleFailed',
      events: [{ reason: 'NoStock', message: expect.stringContaining('out of stock') }],
    });
    await stage.clock.advance(60_000);
    expect(stage.cloud.bill().map(({ id }) => id)).toEqual([placed]);
    await stage.clock.advance(24 * 3_600_000);
    expect(await stage.group(short)).toBeUndefined();
  });

  it('may be told at once, and the token remembers it', async () => {
    await using stage = await FakeStage.start();
    stage.cloud.telling.stock = 'at once';
    stage.cloud.stock.set({}, 0);
    const create = (clientToken: string): Promise<string> =>
      codeOf(stage.client.createContainerGroup(createRequest({ clientToken })));
    expect(await create('one')).toBe('OperationDenied.NoStock');
    stage.cloud.stock.refill();
    expect(await create('one')).toBe('OperationDenied.NoStock');
    expect(await create('two')).toBe('no error');
  });

  it('is by zone, market and size; several vSwitches are tried in order', async () => {
    await using stage = await FakeStage.start();
    stage.cloud.telling.stock = 'at once';
    stage.cloud.stock.set({ zone: 'cn-hangzhou-h' }, 0);
    const id = await stage.create({ vSwitchId: 'vsw-fake-h,vsw-fake-i' });
    await stage.clock.advance(2000);
    expect(await stage.group(id)).toMatchObject({ zoneId: 'cn-hangzhou-i', vSwitchId: 'vsw-fake-i' });
    stage.cloud.stock.refill();
    stage.cloud.stock.set({ market: 'spot', cpu: 4 }, 0);
    const code = (fields: Parameters<typeof createRequest>[0]): Promise<string> =>
      codeOf(stage.client.createContainerGroup(createRequest(fields)));
    const spot = { spotStrategy: 'SpotAsPriceGo' };
    expect(await code({ ...spot, cpu: 4, memory: 8 })).toBe('OperationDenied.NoStock');
    expect(await code({ cpu: 4, memory: 8 })).toBe('no error');
    expect(await code({ ...spot, cpu: 2, memory: 8 })).toBe('no error');
  });
});

describe('the spot market', () => {
  it('sells below the list price, and bills the price of the deal', async () => {
    await using stage = await FakeStage.start({ spotPart: 0.25 });
    await stage.create({ cpu: 2, memory: 4, spotStrategy: 'SpotAsPriceGo' });
    stage.cloud.market.set(0.5, stage.clock.now() + 1000);
    await stage.clock.advance(62_000);
    expect(stage.cloud.bill()).toMatchObject([{ market: 'spot', seconds: 60, perSecond: 0.00003063 }]);
  });

  it('takes back with a notice, then the group has expired', async () => {
    await using stage = await FakeStage.start();
    const id = await stage.create({ spotStrategy: 'SpotAsPriceGo' });
    await stage.pastStart();
    stage.cloud.interrupt(id, 180_000);
    expect(await stage.group(id)).toMatchObject({ status: 'Running' });
    expect((await stage.group(id))?.events?.at(-1)).toMatchObject({
      reason: 'SpotToBeReleased',
      message: 'Spot ECI will be released in 3 minutes',
    });
    await stage.clock.advance(179_999);
    expect(await stage.status(id)).toBe('Running');
    await stage.clock.advance(1);
    expect(await stage.group(id)).toMatchObject({
      status: 'Expired',
      expiredTime: '2026-01-01T00:03:10Z',
      containers: [{ currentState: { exitCode: 137 } }],
    });
    expect(stage.cloud.bill()).toMatchObject([{ seconds: 188 }]);
  });

  it('outbids a limit: no sale above it, and after the protected hour it takes back', async () => {
    await using stage = await FakeStage.start({ spotPart: 0.2 });
    const limited = { cpu: 2, memory: 4, spotStrategy: 'SpotWithPriceLimit', spotPriceLimit: 0.1 };
    const id = await stage.create(limited);
    const patient = await stage.create({ ...limited, spotPriceLimit: 0.4 });
    stage.cloud.market.set(0.5, stage.clock.now());
    const late = await stage.create(limited);
    await stage.clock.advance(3_600_000);
    expect(await stage.status(late)).toBe('ScheduleFailed');
    expect(await stage.status(id)).toBe('Running');
    await stage.clock.advance(2_000);
    expect((await stage.group(id))?.events?.at(-1)?.reason).toBe('SpotToBeReleased');
    await stage.clock.advance(180_000);
    expect(await stage.status(id)).toBe('Expired');
    expect(await stage.status(patient)).toBe('Running');
  });

  it('is looked at every five minutes after that hour', async () => {
    await using stage = await FakeStage.start({ spotPart: 0.2 });
    const limited = { cpu: 2, memory: 4, spotStrategy: 'SpotWithPriceLimit', spotPriceLimit: 0.1 };
    const id = await stage.create({ ...limited, spotDuration: 0 });
    await stage.clock.advance(12_000);
    stage.cloud.market.set(0.5, stage.clock.now());
    await stage.clock.advance(289_999);
    expect((await stage.group(id))?.events?.some(({ reason }) => reason === 'SpotToBeReleased')).toBe(false);
    await stage.clock.advance(1);
    expect((await stage.group(id))?.events?.at(-1)?.reason).toBe('SpotToBeReleased');
  });
});
