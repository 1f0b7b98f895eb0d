import { instanceTypes, roundedUp } from '../market/sizes.ts';
import { invalidParameter, missingParameter } from '../request/api-error.ts';
import type { Action } from './action.ts';

export const describeRegions: Action = (cloud) => {
  const zones = [...new Set(Object.values(cloud.vSwitches))];
  return {
    Regions: [
      {
        RegionId: cloud.region,
        RegionEndpoint: `eci.${cloud.region}.aliyuncs.com`,
        Zones: zones,
        RecommendZones: zones,
      },
    ],
  };
};

/** What of the account's quota is used. */
export const listUsage: Action = (cloud) => ({
  Attributes: {
    UsedCpu: cloud.usedCpu(),
    MaxCpu: cloud.quotaCpu,
    MaxImageCacheCount: 100,
    MaxAutoImageCacheCount: 100,
  },
});

/** In which zones something is in stock. */
export const describeAvailableResource: Action = (cloud, parameters) => {
  const wanted = parameters.part('DestinationResource');
  if (wanted === undefined) throw missingParameter('DestinationResource.Category');
  const category = wanted.oneOf('Category', ['InstanceType', 'InstanceTypeFamily']);
  const value = wanted.text('Value');
  const strategy = parameters.part('SpotResource')?.text('SpotStrategy') ?? 'NoSpot';
  const spot = strategy !== 'NoSpot';
  const type = value === undefined ? undefined : instanceTypes.get(value);
  if (category === 'InstanceType' && value !== undefined && type === undefined)
    throw invalidParameter('DestinationResource.Value', `${value} is not known`);
  const size = { cpu: wanted.number('Cores', 0) ?? 0, memory: wanted.number('Memory', 0) ?? 0 };
  const goods =
    type && value !== undefined
      ? { cpu: type.cpu, memory: type.memory, instanceType: value }
      : (roundedUp(size, cloud.region, spot) ?? size);
  const asked = parameters.text('ZoneId');
  const zones = [...new Set(Object.values(cloud.vSwitches))].filter(
    (zone) => asked === undefined || zone === asked,
  );
  const status = (zone: string): string =>
    cloud.stock.has({ zone, market: spot ? 'spot' : 'on-demand', goods }) ? 'WithStock' : 'WithoutStock';
  return {
    AvailableZones: {
      AvailableZone: zones.map((zone) => ({
        RegionId: cloud.region,
        ZoneId: zone,
        AvailableResources: {
          AvailableResource: [
            {
              Type: category ?? 'InstanceTypeFamily',
              SupportedResources: {
                SupportedResource: [{ Value: value ?? '', StatusCategory: status(zone) }],
              },
            },
          ],
        },
      })),
    },
  };
};
