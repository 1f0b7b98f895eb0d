import type { GroupSpec, SpotRequest } from '../group/group-spec.ts';
import type { Goods } from '../market/prices.ts';
import { instanceTypes } from '../market/sizes.ts';
import { ApiError, invalidParameter, missingParameter, tooMany } from './api-error.ts';
import type { Parameters } from './parameters.ts';
import { readContainer } from './read-container.ts';
import { readVolumes } from './read-volumes.ts';

const maxContainers = 20;
const maxTags = 20;
const maxVCpu = 64;

/** Defaults of the place: what an account has when a request names nothing. */
export interface Place {
  /** vSwitch → zone. */
  readonly vSwitches: Readonly<Record<string, string>>;
  readonly securityGroups: readonly string[];
}

/** Reads and checks the parameters of CreateContainerGroup. Throws ApiError as the vendor does. */
export function readGroupSpec(parameters: Parameters, place: Place): GroupSpec {
  const name = parameters.needText('ContainerGroupName');
  if (!/^[a-z0-9][a-z0-9-]{0,126}[a-z0-9]$/.test(name))
    throw invalidParameter(
      'ContainerGroupName',
      '2 to 128 lower case letters, digits and inner hyphens are wanted',
    );
  const volumes = readVolumes(parameters);
  const volumeNames = volumes.map((volume) => volume.name);
  const containers = parameters.list('Container').map((one) => readContainer(one, volumeNames));
  const initContainers = parameters.list('InitContainer').map((one) => readContainer(one, volumeNames));
  if (containers.length === 0) throw missingParameter('Container.1.Image');
  const all = [...containers, ...initContainers];
  if (all.length > maxContainers) throw tooMany('Container', `at most ${maxContainers} containers`);
  if (new Set(all.map((container) => container.name)).size < all.length)
    throw invalidParameter('Container', 'names of containers repeat');
  const deadline = parameters.integer('ActiveDeadlineSeconds', 1);
  const ramRoleName = parameters.text('RamRoleName');
  const ephemeralStorage = parameters.integer('EphemeralStorage', 0, 32_768);
  return {
    name,
    containers,
    initContainers,
    volumes,
    tags: readTags(parameters),
    restartPolicy: parameters.oneOf('RestartPolicy', ['Always', 'OnFailure', 'Never']) ?? 'Always',
    graceMs: (parameters.integer('TerminationGracePeriodSeconds', 0) ?? 30) * 1000,
    ...(deadline === undefined ? {} : { activeDeadlineMs: deadline * 1000 }),
    maxPendingMs: (parameters.integer('MaxPendingMinute', 10, 1440) ?? 240) * 60_000,
    wanted: readGoods(parameters, containers),
    vSwitches: readVSwitches(parameters, place),
    securityGroup: readSecurityGroup(parameters, place),
    spot: readSpot(parameters),
    ...(ramRoleName === undefined ? {} : { ramRoleName }),
    ...(ephemeralStorage === undefined ? {} : { ephemeralStorage }),
  };
}

export function readTags(parameters: Parameters): Map<string, string> {
  const list = parameters.list('Tag');
  if (list.length > maxTags) throw tooMany('Tag', `at most ${maxTags} tags`);
  const tags = new Map<string, string>();
  for (const tag of list) {
    const key = tag.needText('Key');
    const value = tag.text('Value') ?? '';
    if (key.length > 128) throw tooMany(tag.where('Key'), 'at most 128 characters');
    if (value.length > 256) throw tooMany(tag.where('Value'), 'at most 256 characters');
    if (/^(aliyun|acs:)/.test(key) || /https?:\/\//.test(key))
      throw invalidParameter(tag.where('Key'), 'it begins with a reserved prefix or holds a URL');
    if (tags.has(key)) throw invalidParameter(tag.where('Key'), `the key ${key} repeats`);
    tags.set(key, value);
  }
  return tags;
}

function readGoods(parameters: Parameters, containers: GroupSpec['containers']): Goods {
  const types = parameters.text('InstanceType')?.split(',');
  if (types !== undefined) {
    const known = types.map((type) => ({ type, goods: instanceTypes.get(type) }));
    const unknown = known.find(({ goods }) => goods === undefined);
    if (unknown) throw invalidParameter('InstanceType', `${unknown.type} is not known`);
    const [first] = known;
    if (first?.goods) return { cpu: first.goods.cpu, memory: first.goods.memory, instanceType: first.type };
  }
  const sum = (what: 'cpu' | 'memory'): number =>
    containers.reduce((total, container) => total + (container[what] ?? 0), 0);
  const cpu = parameters.number('Cpu', 0);
  const memory = parameters.number('Memory', 0);
  if (cpu !== undefined && sum('cpu') > cpu) throw invalidParameter('Cpu', 'its containers ask for more');
  if (memory !== undefined && sum('memory') > memory)
    throw invalidParameter('Memory', 'its containers ask for more');
  const nothing = cpu === undefined && memory === undefined && sum('cpu') === 0 && sum('memory') === 0;
  const wanted = nothing
    ? { cpu: 2, memory: 4 }
    : { cpu: cpu ?? sum('cpu'), memory: memory ?? sum('memory') };
  if (wanted.cpu > maxVCpu) throw tooMany('Cpu', `at most ${maxVCpu} vCPU`);
  return wanted;
}

function readVSwitches(parameters: Parameters, place: Place): string[] {
  const known = Object.keys(place.vSwitches);
  const asked = parameters.text('VSwitchId')?.split(',');
  const zone = parameters.text('ZoneId');
  if (asked !== undefined && asked.length > 10) throw tooMany('VSwitchId', 'at most 10');
  const unknown = asked?.find((id) => !known.includes(id));
  if (unknown !== undefined)
    throw new ApiError(404, 'InvalidVSwitchId.NotFound', `The specified vSwitch ${unknown} does not exist.`);
  const fitting = (asked ?? known).filter((id) => zone === undefined || place.vSwitches[id] === zone);
  if (fitting.length === 0) throw invalidParameter('ZoneId', `no vSwitch lies in ${zone}`);
  parameters.oneOf('ScheduleStrategy', ['VSwitchOrdered', 'VSwitchRandom']);
  return fitting;
}

function readSecurityGroup(parameters: Parameters, place: Place): string {
  const asked = parameters.text('SecurityGroupId') ?? place.securityGroups[0] ?? '';
  if (!place.securityGroups.includes(asked))
    throw new ApiError(404, 'InvalidSecurityGroupId.NotFound', `The security group ${asked} does not exist.`);
  return asked;
}

function readSpot(parameters: Parameters): SpotRequest {
  const strategy =
    parameters.oneOf('SpotStrategy', ['NoSpot', 'SpotAsPriceGo', 'SpotWithPriceLimit']) ?? 'NoSpot';
  const priceLimit = parameters.number('SpotPriceLimit', 0);
  const hours = parameters.integer('SpotDuration', 0, 6) ?? 1;
  parameters.flag('StrictSpot');
  if (strategy !== 'SpotWithPriceLimit') return { strategy, protectedMs: hours * 3_600_000 };
  if (priceLimit === undefined) throw missingParameter('SpotPriceLimit');
  if (!/^\d+(\.\d{1,3})?$/.test(String(priceLimit)))
    throw invalidParameter('SpotPriceLimit', 'at most three decimals are allowed');
  return { strategy, priceLimit, protectedMs: hours * 3_600_000 };
}
