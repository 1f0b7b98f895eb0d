import type { FakeEciCloud } from '../cloud.ts';
import type { Goods } from '../market/prices.ts';
import { currency, ephemeralPrice, listPrice, perHour, round } from '../market/prices.ts';
import { instanceTypes, roundedUp } from '../market/sizes.ts';
import { invalidParameter, missingParameter } from '../request/api-error.ts';
import type { Parameters } from '../request/parameters.ts';
import type { Action } from './action.ts';

/** Per second for what is bought; spot prices, by zone, per hour. */
export const describeContainerGroupPrice: Action = (cloud, parameters) => {
  const strategy =
    parameters.oneOf('SpotStrategy', ['NoSpot', 'SpotAsPriceGo', 'SpotWithPriceLimit']) ?? 'NoSpot';
  const spot = strategy !== 'NoSpot';
  const goods = readGoods(cloud, parameters, spot);
  const extra = ephemeralPrice(parameters.integer('EphemeralStorage', 0) ?? 0);
  const list = listPrice(goods);
  const trade = (spot ? cloud.market.price(goods, cloud.now()) : list.total) + extra;
  const zone = parameters.text('ZoneId');
  const zones = [...new Set(Object.values(cloud.vSwitches))].filter(
    (one) => zone === undefined || one === zone,
  );
  const detail = (Resource: string, price: number): object => ({
    Resource,
    OriginalPrice: round(price),
    TradePrice: round(price),
    DiscountPrice: 0,
  });
  return {
    PriceInfo: {
      Price: {
        Currency: currency,
        OriginalPrice: round(list.total + extra),
        TradePrice: round(trade),
        DiscountPrice: round(list.total + extra - trade),
        DetailInfos: { DetailInfo: [detail('cpu', list.cpu), detail('mem', list.memory)] },
      },
      SpotPrices: {
        SpotPrice: (spot ? zones : []).map((ZoneId) => ({
          ZoneId,
          InstanceType: goods.instanceType ?? '',
          OriginPrice: perHour(list.total),
          SpotPrice: perHour(cloud.market.price(goods, cloud.now())),
        })),
      },
    },
  };
};

function readGoods(cloud: FakeEciCloud, parameters: Parameters, spot: boolean): Goods {
  const type = parameters.text('InstanceType');
  const known = type === undefined ? undefined : instanceTypes.get(type);
  if (type !== undefined && known === undefined)
    throw invalidParameter('InstanceType', `${type} is not known`);
  if (type !== undefined && known !== undefined)
    return { cpu: known.cpu, memory: known.memory, instanceType: type };
  const cpu = parameters.number('Cpu', 0);
  const memory = parameters.number('Memory', 0);
  if (cpu === undefined) throw missingParameter('Cpu');
  if (memory === undefined) throw missingParameter('Memory');
  const size = roundedUp({ cpu, memory }, cloud.region, spot);
  if (size === undefined) throw invalidParameter('Cpu', `nothing is sold for ${cpu} vCPU and ${memory} GiB`);
  return size;
}
