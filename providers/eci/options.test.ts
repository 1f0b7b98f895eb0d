import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ProviderError } from '../contract/index.ts';
import { eciOffers, vSwitchOf } from './offers.ts';
import { optionTable, readEciOptions } from './options.ts';
import { PriceBook } from './prices.ts';

const least = {
  region: 'cn-hangzhou',
  vSwitches: [{ id: 'vsw-1', zone: 'cn-hangzhou-h' }],
  securityGroupId: 'sg-1',
};

function refusal(options: Record<string, unknown>): string {
  try {
    readEciOptions(options, {});
  } catch (error) {
    if (error instanceof ProviderError) return error.message;
    throw error;
  }
  throw new Error('it was taken');
}

describe('options', () => {
  test('the least there must be', () => {
    const { endpoint, credentials, instances, spot } = readEciOptions(least, {});
    expect([endpoint.href, credentials, instances, spot]).toEqual([
      'https://eci.cn-hangzhou.aliyuncs.com/',
      undefined,
      1000,
      undefined,
    ]);
  });

  test('all faults are told at once, and no secret', () => {
    const message = refusal({
      region: 'Hangzhou',
      vSwitches: [{ id: 'vsw-1' }, 'x'],
      credentials: { accessKeyId: 'LTAI', accessKeySecret: 12345678 },
      endpoint: 'http://eci.example.com',
      spot: { strategy: 'SpotWithPriceLimit', protectedHours: 2 },
      instances: 0,
      tags: { 'aliyun:x': 'y' },
      vSwitch: 'x',
    });
    for (const place of [
      'provider.options.region',
      'provider.options.vSwitches[0].zone',
      'provider.options.vSwitches[1]',
      'provider.options.securityGroupId',
      'provider.options.credentials.accessKeySecret',
      'provider.options.endpoint',
      'provider.options.spot.pricePerHour',
      'provider.options.spot.protectedHours',
      'provider.options.instances',
      'provider.options.tags["aliyun:x"]',
      'provider.options.vSwitch: there is no such option',
    ])
      expect(message).toContain(place);
    expect(message).not.toContain('12345678');
  });

  test('http is for a fake on this machine only', () => {
    expect(readEciOptions({ ...least, endpoint: 'http://127.0.0.1:8080' }, {}).endpoint.port).toBe('8080');
    for (const endpoint of ['http://10.0.0.1', 'http://localhost:x@10.0.0.1', 'https://eci.example.com/v1'])
      expect(refusal({ ...least, endpoint })).toContain('provider.options.endpoint: expected');
  });

  test('credentials of the environment, unless there are others', () => {
    const environment = {
      ALIBABA_CLOUD_ACCESS_KEY_ID: 'id',
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'secret',
      ALIBABA_CLOUD_SECURITY_TOKEN: 'token',
    };
    expect(readEciOptions(least, environment).credentials).toEqual({
      accessKeyId: 'id',
      accessKeySecret: 'secret',
      securityToken: 'token',
    });
    const own = { accessKeyId: 'a', accessKeySecret: 'b' };
    expect(readEciOptions({ ...least, credentials: own }, environment).credentials).toEqual(own);
  });
});

test('the guide names every option', () => {
  const page = readFileSync(new URL('../../docs/guides/burst-to-eci.md', import.meta.url), 'utf8');
  for (const name of Object.keys(optionTable)) expect(page).toMatch(new RegExp(`^\\| \`${name}\` \\|`, 'm'));
});

describe('offers', () => {
  const offersOf = (more: object) => {
    const options = readEciOptions({ ...least, ...more }, {});
    return { options, offers: eciOffers(options, new PriceBook(options)) };
  };

  test('spot in all zones, then on demand; two vSwitches of a zone have offers of their own', () => {
    const vSwitches = [
      { id: 'vsw-1', zone: 'cn-hangzhou-h' },
      { id: 'vsw-2', zone: 'cn-hangzhou-h' },
      { id: 'vsw-3', zone: 'cn-hangzhou-i' },
    ];
    const { options, offers } = offersOf({ vSwitches, spot: {} });
    expect(offers.map(({ id }) => id)).toEqual([
      'vsw-1/spot',
      'vsw-2/spot',
      'cn-hangzhou-i/spot',
      'vsw-1/on-demand',
      'vsw-2/on-demand',
      'cn-hangzhou-i/on-demand',
    ]);
    const placed = offers.map(({ id, market }) => vSwitchOf(options, { offer: id, market }).id);
    expect(placed).toEqual(['vsw-1', 'vsw-2', 'vsw-3', 'vsw-1', 'vsw-2', 'vsw-3']);
    expect(() => vSwitchOf(options, { offer: 'cn-shanghai-a/spot', market: 'spot' })).toThrow('vSwitches');
  });

  test('without fallBack there is spot only, and with a limit only what has a bid', () => {
    const pricePerHour = { '2.0-4.0Gi': 0.1 };
    const { offers } = offersOf({ spot: { strategy: 'SpotWithPriceLimit', pricePerHour, fallBack: false } });
    expect(offers.map(({ market, sizes }) => [market, sizes.map(({ name }) => name)])).toEqual([
      ['spot', ['2.0-4.0Gi']],
    ]);
  });

  test('economy has no large sizes, and a lower price', () => {
    const [offer] = offersOf({ computeCategory: 'economy' }).offers;
    expect(Math.max(...(offer?.sizes.map(({ cpuMillis }) => cpuMillis) ?? []))).toBe(8000);
    expect(offer?.rates).toMatchObject({ currency: 'CNY', perCpuSecond: 0.000027, asOf: '2024-11-27' });
    const region = { region: 'ap-southeast-1', vSwitches: [{ id: 'vsw-1', zone: 'ap-southeast-1a' }] };
    expect(offersOf(region).offers[0]?.rates?.currency).toBe('USD');
  });

  test('an instance type is one more size', () => {
    const instanceTypes = [
      { name: 'ecs.gn6i-c4g1.xlarge', cpu: 4, memoryGiB: 15, gpus: 1, pricePerHour: 7.2 },
    ];
    const [offer] = offersOf({ instanceTypes }).offers;
    expect(offer?.sizes.at(-1)).toEqual({
      name: 'ecs.gn6i-c4g1.xlarge',
      cpuMillis: 4000,
      memoryBytes: 15 * 2 ** 30,
      extended: { 'nvidia.com/gpu': 1 },
      pricePerSecond: 0.002,
    });
  });
});
