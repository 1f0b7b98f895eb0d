import * as eci from '@alicloud/eci20180808';
import { describe, expect, it } from 'vitest';
import { codeOf, container, createRequest, FakeStage } from './testing/stage.ts';

const file = (bytes: number): { content: string; path: string } => ({
  content: Buffer.alloc(bytes, 'x').toString('base64'),
  path: `file-${bytes}`,
});
const files = (name: string, sizes: readonly number[]): eci.CreateContainerGroupRequestVolume =>
  new eci.CreateContainerGroupRequestVolume({
    name,
    type: 'ConfigFileVolume',
    configFileVolume: { configFileToPath: sizes.map(file) },
  });
const tags = (count: number): { key: string; value: string }[] =>
  Array.from({ length: count }, (_, index) => ({ key: `key-${index}`, value: 'v' }));

type Fields = Parameters<typeof createRequest>[0];

const refused: readonly { readonly what: string; readonly fields: Fields; readonly code: string }[] = [
  { what: 'no name', fields: { containerGroupName: '' }, code: 'MissingParameter' },
  { what: 'capitals in the name', fields: { containerGroupName: 'Web' }, code: 'InvalidParameter' },
  { what: 'a hyphen at the end', fields: { containerGroupName: 'web-' }, code: 'InvalidParameter' },
  { what: 'a long name', fields: { containerGroupName: 'a'.repeat(129) }, code: 'InvalidParameter' },
  { what: 'no container', fields: { container: [] }, code: 'MissingParameter' },
  {
    what: 'no image',
    fields: { container: [new eci.CreateContainerGroupRequestContainer({ name: 'main' })] },
    code: 'MissingParameter',
  },
  {
    what: '21 containers',
    fields: { container: Array.from({ length: 21 }, (_, index) => container(`c-${index}`)) },
    code: 'InvalidParameter.ValueExceeded',
  },
  {
    what: 'one name twice',
    fields: { container: [container('main')], initContainer: [container('main')] },
    code: 'InvalidParameter',
  },
  {
    what: 'a port of the service',
    fields: { container: [{ ...container('main'), port: [{ port: 10250, protocol: 'TCP' }] }] as never },
    code: 'InvalidParameter',
  },
  {
    what: 'a mount without its volume',
    fields: {
      container: [{ ...container('main'), volumeMount: [{ name: 'data', mountPath: '/d' }] }] as never,
    },
    code: 'InvalidParameter',
  },
  {
    what: 'a file above 32 KB',
    fields: { volume: [files('a', [32_769])] },
    code: 'InvalidParameter.ValueExceeded',
  },
  {
    what: 'files above 60 KB',
    fields: { volume: [files('a', [30_000, 5_000]), files('b', [26_441])] },
    code: 'InvalidParameter.ValueExceeded',
  },
  {
    what: 'content that is not base64',
    fields: {
      volume: [
        new eci.CreateContainerGroupRequestVolume({
          name: 'a',
          type: 'ConfigFileVolume',
          configFileVolume: { configFileToPath: [{ path: 'x', content: 'a: b' }] },
        }),
      ],
    },
    code: 'InvalidParameter',
  },
  { what: '21 tags', fields: { tag: tags(21) }, code: 'InvalidParameter.ValueExceeded' },
  {
    what: 'a long key',
    fields: { tag: [{ key: 'k'.repeat(129), value: '' }] },
    code: 'InvalidParameter.ValueExceeded',
  },
  {
    what: 'a long value',
    fields: { tag: [{ key: 'k', value: 'v'.repeat(257) }] },
    code: 'InvalidParameter.ValueExceeded',
  },
  { what: 'a reserved key', fields: { tag: [{ key: 'aliyun-x', value: 'v' }] }, code: 'InvalidParameter' },
  { what: 'a long token', fields: { clientToken: 't'.repeat(65) }, code: 'InvalidClientToken' },
  { what: 'an unknown policy', fields: { restartPolicy: 'Sometimes' }, code: 'InvalidParameter' },
  { what: 'more than 64 vCPU', fields: { cpu: 65, memory: 128 }, code: 'InvalidParameter.ValueExceeded' },
  { what: 'memory that nobody sells', fields: { cpu: 64, memory: 1024 }, code: 'InvalidParameter' },
  {
    what: 'containers larger than the group',
    fields: { cpu: 1, memory: 2, container: [{ ...container('main'), cpu: 2 }] as never },
    code: 'InvalidParameter',
  },
  {
    what: 'a limit without its price',
    fields: { spotStrategy: 'SpotWithPriceLimit' },
    code: 'MissingParameter',
  },
  {
    what: 'four decimals',
    fields: { spotStrategy: 'SpotWithPriceLimit', spotPriceLimit: 0.1234 },
    code: 'InvalidParameter',
  },
  { what: 'an unknown type', fields: { instanceType: 'ecs.none' }, code: 'InvalidParameter' },
  { what: 'an unknown vSwitch', fields: { vSwitchId: 'vsw-other' }, code: 'InvalidVSwitchId.NotFound' },
  {
    what: 'an unknown security group',
    fields: { securityGroupId: 'sg-other' },
    code: 'InvalidSecurityGroupId.NotFound',
  },
  { what: 'a dry run', fields: { dryRun: true }, code: 'DryRun.Success' },
];

describe('CreateContainerGroup', () => {
  it.each(refused)('refuses $what', async ({ fields, code }) => {
    await using stage = await FakeStage.start();
    expect(await codeOf(stage.client.createContainerGroup(createRequest(fields)))).toBe(code);
    expect(stage.cloud.instances()).toEqual([]);
  });

  it('takes what is just within the limits', async () => {
    await using stage = await FakeStage.start();
    const id = await stage.create({
      containerGroupName: `a${'-'.repeat(126)}z`,
      container: Array.from({ length: 20 }, (_, index) => container(`c-${index}`)),
      volume: [files('a', [32_768]), files('b', [61_440 - 32_768])],
      tag: tags(20),
      clientToken: 't'.repeat(64),
    });
    expect((await stage.group(id))?.tags).toHaveLength(20);
  });

  it('gives the same answer for the same token, even when the group is gone', async () => {
    await using stage = await FakeStage.start();
    const id = await stage.create({ clientToken: 'one' });
    expect(await stage.create({ clientToken: 'one' })).toBe(id);
    expect(await stage.create({ clientToken: 'two' })).not.toBe(id);
    const other = createRequest({ clientToken: 'one', cpu: 4, memory: 8 });
    expect(await codeOf(stage.client.createContainerGroup(other))).toBe('IdempotentParameterMismatch');
    await stage.delete(id);
    await stage.pastStart();
    expect(await stage.group(id)).toBeUndefined();
    expect(await stage.create({ clientToken: 'one' })).toBe(id);
    expect(stage.cloud.instances()).toHaveLength(2);
  });

  it('bills the size on sale that is not smaller', async () => {
    await using stage = await FakeStage.start();
    const sizeOf = async (fields: Fields): Promise<string> => {
      const group = await stage.group(await stage.create(fields));
      return `${group?.cpu}c${group?.memory}g`;
    };
    expect(await sizeOf({})).toBe('2c4g');
    expect(await sizeOf({ cpu: 7, memory: 13 })).toBe('8c14g');
    const sized = (cpu: number, memory: number) => ({ ...container(`c-${cpu}`), cpu, memory }) as never;
    const two = [sized(2, 4), { ...container('other'), cpu: 2, memory: 4 } as never];
    expect(await sizeOf({ container: [...two, sized(0.25, 0.5)] })).toBe('6c10g');
    expect(await sizeOf({ cpu: 1, memory: 1, spotStrategy: 'SpotAsPriceGo' })).toBe('2c2g');
    expect(await sizeOf({ instanceType: 'ecs.g6.large' })).toBe('2c8g');
    await stage.pastStart();
    expect(stage.cloud.bill().map(({ market }) => market)).toEqual([
      'on-demand',
      'on-demand',
      'on-demand',
      'spot',
      'on-demand',
    ]);
  });

  it('stops at the quota of vCPU, which ended groups give back', async () => {
    await using stage = await FakeStage.start({ quotaCpu: 4 });
    const ends = { BURSTLET_FAKE_EXIT: '0' };
    await stage.create({ restartPolicy: 'Never' }, ends);
    await stage.create();
    const third = (): Promise<unknown> => stage.client.createContainerGroup(createRequest());
    expect(await codeOf(third())).toBe('QuotaExceeded');
    stage.cloud.telling.quota = 'late';
    const late = await stage.create();
    await stage.clock.advance(2000);
    expect(await stage.group(late)).toMatchObject({
      status: 'ScheduleFailed',
      events: [{ reason: 'QuotaExceeded' }],
    });
    await stage.pastStart();
    expect(await codeOf(third())).toBe('no error');
  });

  it('sells nothing to an account in arrears', async () => {
    await using stage = await FakeStage.start();
    stage.cloud.account.inArrears = true;
    expect(await codeOf(stage.client.createContainerGroup(createRequest()))).toBe('Account.Arrearage');
    stage.cloud.telling.balance = 'late';
    const id = await stage.create();
    await stage.clock.advance(2000);
    expect(await stage.group(id)).toMatchObject({ events: [{ reason: 'InsufficientBalance' }] });
  });

  it('reports what departs from the SDK, and refuses it when strict', async () => {
    for (const strict of [true, false]) {
      await using stage = await FakeStage.start({ strict });
      const queries = { 'Container.1.StartupProbe.PeriodSeconds': '3', Cpu: 'two' };
      const runtime = { extendsParameters: { queries } };
      const call = stage.client.createContainerGroupWithOptions(createRequest(), runtime as never);
      expect(await codeOf(call)).toBe(strict ? 'FakeStrict.UnknownParameter' : 'InvalidParameter');
      expect(stage.cloud.book.departures).toEqual([
        'CreateContainerGroup: unknown parameter Container.1.StartupProbe',
        'CreateContainerGroup: parameter Cpu is no number: two',
      ]);
    }
  });
});
