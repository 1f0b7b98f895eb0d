import { expect, test } from 'vitest';
import { eciOffers } from './offers.ts';
import { readEciOptions } from './options.ts';
import { PriceBook } from './prices.ts';
import { eciWishes } from './wishes.ts';

const options = readEciOptions(
  {
    region: 'cn-hangzhou',
    vSwitches: [
      { id: 'vsw-h', zone: 'cn-hangzhou-h' },
      { id: 'vsw-i', zone: 'cn-hangzhou-i' },
    ],
    securityGroupId: 'sg-1',
    spot: { strategy: 'SpotAsPriceGo', fallBack: true },
    instanceTypes: [{ name: 'ecs.gn6i-c4g1.xlarge', cpu: 4, memoryGiB: 15, gpus: 1 }],
  },
  {},
);
const offers = eciOffers(options, new PriceBook(options));

function left(annotations: Readonly<Record<string, string>>): string[] {
  const full = Object.fromEntries(
    Object.entries(annotations).map(([name, value]) => [`k8s.aliyun.com/${name}`, value]),
  );
  return eciWishes(options)
    .narrow(offers, full)
    .map(({ id, sizes }) => (sizes.length > 2 ? id : `${id}: ${sizes.map(({ name }) => name).join(' ')}`));
}

const all = [
  ...['cn-hangzhou-h/spot', 'cn-hangzhou-i/spot', 'cn-hangzhou-h/on-demand', 'cn-hangzhou-i/on-demand'],
];

test.each<[string, Readonly<Record<string, string>>, readonly string[]]>([
  ['none', {}, all],
  ['a vSwitch', { 'eci-vswitch': 'vsw-i' }, ['cn-hangzhou-i/spot', 'cn-hangzhou-i/on-demand']],
  ['a vSwitch that the options do not have', { 'eci-vswitch': 'vsw-x' }, []],
  ['spot', { 'eci-spot-strategy': 'SpotAsPriceGo' }, ['cn-hangzhou-h/spot', 'cn-hangzhou-i/spot']],
  ['spot that may fall back', { 'eci-spot-strategy': 'SpotAsPriceGo', 'eci-spot-fallback': 'true' }, all],
  ['no spot', { 'eci-spot-strategy': 'NoSpot' }, ['cn-hangzhou-h/on-demand', 'cn-hangzhou-i/on-demand']],
  [
    'sizes, in their order',
    { 'eci-use-specs': '4-8Gi, ecs.gn6i-c4g1.xlarge', 'eci-vswitch': 'vsw-h', 'eci-spot-strategy': 'NoSpot' },
    ['cn-hangzhou-h/on-demand: 4.0-8.0Gi', 'cn-hangzhou-h/on-demand: ecs.gn6i-c4g1.xlarge'],
  ],
  ['a size that is not sold', { 'eci-use-specs': '3-5Gi' }, []],
])('%s', (_, annotations, expected) => {
  expect(left(annotations)).toEqual(expected);
});
