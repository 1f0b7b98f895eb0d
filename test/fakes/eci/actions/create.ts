import type { FakeEciCloud } from '../cloud.ts';
import type { Placement } from '../group/group.ts';
import type { GroupSpec } from '../group/group-spec.ts';
import type { Goods } from '../market/prices.ts';
import { roundedUp } from '../market/sizes.ts';
import { ApiError, invalidParameter, noStock } from '../request/api-error.ts';
import { readGroupSpec } from '../request/read-group-spec.ts';
import type { Action } from './action.ts';

export const createContainerGroup: Action = (cloud, parameters) => {
  const spec = readGroupSpec(parameters, cloud);
  const goods = goodsFor(cloud, spec);
  const dryRun = parameters.flag('DryRun') ?? false;
  const placement = place(cloud, spec, goods, dryRun);
  if (dryRun)
    throw new ApiError(400, 'DryRun.Success', 'This request is a dryrun request with successful result.');
  const group = cloud.create(spec, goods, placement);
  return { ContainerGroupId: group.id };
};

function goodsFor(cloud: FakeEciCloud, spec: GroupSpec): Goods {
  if (spec.wanted.instanceType !== undefined) return spec.wanted;
  const size = roundedUp(spec.wanted, cloud.region, spec.spot.strategy !== 'NoSpot');
  if (size === undefined)
    throw invalidParameter(
      'Cpu',
      `nothing is sold for ${spec.wanted.cpu} vCPU and ${spec.wanted.memory} GiB`,
    );
  return size;
}

/** Takes quota and stock, or says what lacks: by an error at once, or by a group that will not be scheduled. */
function place(cloud: FakeEciCloud, spec: GroupSpec, goods: Goods, dryRun: boolean): Placement {
  const { telling } = cloud;
  if (cloud.account.inArrears) {
    const message = 'Your account does not have enough balance to purchase ECI';
    if (telling.balance === 'at once')
      throw new ApiError(400, 'Account.Arrearage', 'Your account has an outstanding payment.');
    return { refused: 'InsufficientBalance', message };
  }
  if (cloud.usedCpu() + goods.cpu > cloud.quotaCpu) {
    const message = `The vCPU quota of ${cloud.quotaCpu} is exceeded.`;
    if (telling.quota === 'at once') throw new ApiError(403, 'QuotaExceeded', message);
    return { refused: 'QuotaExceeded', message };
  }
  const spot = spec.spot.strategy !== 'NoSpot';
  const outbid = cloud.market.outbids(spec.spot.priceLimit, goods, cloud.now());
  for (const vSwitch of outbid ? [] : spec.vSwitches) {
    const zone = cloud.vSwitches[vSwitch] ?? '';
    const item = { zone, market: spot ? 'spot' : 'on-demand', goods } as const;
    if (dryRun ? cloud.stock.has(item) : cloud.stock.take(item)) return { zone, vSwitch };
  }
  const zones = [...new Set(spec.vSwitches.map((vSwitch) => cloud.vSwitches[vSwitch]))].join(',');
  const shortage = noStock(zones);
  if (telling.stock === 'at once' || dryRun) throw shortage;
  return { refused: 'NoStock', message: shortage.message };
}
