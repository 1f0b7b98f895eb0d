import { ProviderError } from '../contract/index.ts';
import type { OptionReader } from './option-reader.ts';
import { readOptions } from './option-reader.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** Of temporary keys. */
  readonly securityToken?: string;
}

export interface VSwitch {
  readonly id: string;
  /** The zone it is in: `cn-hangzhou-h`. */
  readonly zone: string;
}

export interface SpotPolicy {
  readonly strategy: 'SpotAsPriceGo' | 'SpotWithPriceLimit';
  /** The bid per hour by size, with SpotWithPriceLimit: a size without one is not bought as spot. */
  readonly pricePerHour: Readonly<Record<string, number>>;
  /** Hours in which it is not taken back: 1, or 0 for none and a lower price. */
  readonly protectedHours: 0 | 1;
  /** Buy on demand when no zone has spot stock. */
  readonly fallBack: boolean;
}

/** A size by instance type: GPUs and what else vCPU and memory do not name. */
export interface InstanceType {
  readonly name: string;
  readonly cpu: number;
  readonly memoryGib: number;
  readonly gpus: number;
  /** In the currency of the region. */
  readonly pricePerHour?: number;
}

export interface EciOptions {
  readonly region: string;
  readonly endpoint: URL;
  readonly vSwitches: readonly VSwitch[];
  readonly securityGroupId: string;
  /** Absent = environment, then the vendor's chain. */
  readonly credentials?: Credentials;
  readonly resourceGroupId?: string;
  /** Of the instances: what their containers may do with the vendor's APIs. */
  readonly ramRole?: string;
  readonly computeCategory: 'general' | 'economy';
  readonly spot?: SpotPolicy;
  readonly instanceTypes: readonly InstanceType[];
  /** Look for an image cache that has the images. */
  readonly imageCache: boolean;
  /** Minutes in which an instance may pull its images; then it fails. */
  readonly maxPendingMinutes?: number;
  /** Further tags of every instance. */
  readonly tags: Readonly<Record<string, string>>;
  /** Instances at the same time. */
  readonly instances: number;
}

/** Six of the twenty tags are the marks of ownership, three are left for `k8s.aliyun.com/eci-custom-tags`. */
const mostTags = 11;
const mostInstances = 1000;

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads `provider.options` of eci. Throws InvalidSpec that names every fault at once, and what to do about each. */
export function readEciOptions(
  options: Readonly<Record<string, unknown>>,
  environment: Environment,
): EciOptions {
  const read = readOptions(options, 'provider.options');
  const region = read.text('region', /^[a-z]{2}(-[a-z0-9]+)+$/, 'a region such as cn-hangzhou') ?? '';
  const vSwitches = read.list('vSwitches', 1, (each) => ({
    id: each.text('id', /^vsw-[\w*-]+$/, 'the ID of a vSwitch, vsw-...') ?? '',
    zone:
      each.text('zone', /^[a-z]{2}(-[a-z0-9]+)+$/, 'the zone of the vSwitch, such as cn-hangzhou-h') ?? '',
  }));
  const securityGroupId =
    read.text('securityGroupId', /^sg-[\w*-]+$/, 'the ID of a security group, sg-...') ?? '';
  const endpoint = endpointOf(read, region);
  const credentials = credentialsOf(read, environment);
  const spot = read.object('spot', spotPolicy);
  const instanceTypes = read.list('instanceTypes', 0, (each) => {
    const price = each.optionalNumber('pricePerHour', 0.001);
    return {
      name: each.text('name', /^ecs\.[\w.-]+$/, 'an instance type such as ecs.gn6i-c4g1.xlarge') ?? '',
      cpu: each.number('cpu', 0.25),
      memoryGib: each.number('memoryGiB', 0.5),
      gpus: each.optionalNumber('gpus', 0) ?? 0,
      ...(price !== undefined && { pricePerHour: price }),
    };
  });
  const resourceGroupId = read.optionalText(
    'resourceGroupId',
    /^rg-\w+$/,
    'the ID of a resource group, rg-...',
  );
  const ramRole = read.optionalText('ramRole', /^[\w.-]{1,64}$/, 'the name of a RAM role');
  const maxPendingMinutes = read.optionalWhole('maxPendingMinutes', 10, 1440);
  const complete: EciOptions = {
    region,
    endpoint,
    vSwitches,
    securityGroupId,
    ...(credentials && { credentials }),
    ...(resourceGroupId !== undefined && { resourceGroupId }),
    ...(ramRole !== undefined && { ramRole }),
    computeCategory: read.choice('computeCategory', ['general', 'economy']) ?? 'general',
    ...(spot && { spot }),
    instanceTypes,
    imageCache: read.flag('imageCache') ?? false,
    ...(maxPendingMinutes !== undefined && { maxPendingMinutes }),
    tags: tagsOf(read),
    instances: read.optionalWhole('instances', 1, 50_000) ?? mostInstances,
  };
  const faults = read.finish();
  if (faults.length === 0) return complete;
  throw new ProviderError('InvalidSpec', faults.map(({ at, what }) => `${at}: ${what}`).join('; '), {
    field: faults[0]?.at ?? 'provider.options',
  });
}

function endpointOf(read: OptionReader, region: string): URL {
  const usual = new URL(`https://eci.${region || 'unknown'}.aliyuncs.com`);
  const text = read.optionalText('endpoint', /./, 'a URL');
  if (text === undefined) return usual;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLoopback = url !== undefined && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  if (url === undefined || url.pathname !== '/' || url.search !== '')
    read.fault('endpoint', 'expected a URL without a path, such as https://eci-vpc.cn-hangzhou.aliyuncs.com');
  else if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback))
    read.fault('endpoint', 'expected https; http is only for a fake on this machine');
  return url ?? usual;
}

function credentialsOf(read: OptionReader, environment: Environment): Credentials | undefined {
  const written = read.object('credentials', (each): Credentials => {
    const securityToken = each.optionalText('securityToken', /./, 'text');
    return {
      accessKeyId: each.text('accessKeyId', /./, 'the ID of an access key') ?? '',
      accessKeySecret: each.text('accessKeySecret', /./, 'its secret') ?? '',
      ...(securityToken !== undefined && { securityToken }),
    };
  });
  if (written) return written;
  const accessKeyId = environment.ALIBABA_CLOUD_ACCESS_KEY_ID;
  const accessKeySecret = environment.ALIBABA_CLOUD_ACCESS_KEY_SECRET;
  const securityToken = environment.ALIBABA_CLOUD_SECURITY_TOKEN;
  if (!accessKeyId || !accessKeySecret) return undefined;
  return { accessKeyId, accessKeySecret, ...(securityToken ? { securityToken } : {}) };
}

function spotPolicy(read: OptionReader): SpotPolicy {
  const strategy = read.choice('strategy', ['SpotAsPriceGo', 'SpotWithPriceLimit']) ?? 'SpotAsPriceGo';
  const pricePerHour = read.numbers('pricePerHour', 0.001);
  if (strategy === 'SpotWithPriceLimit' && Object.keys(pricePerHour).length === 0)
    read.fault('pricePerHour', 'expected the bid per hour of each size, such as {"2.0-4.0Gi": 0.12}');
  return {
    strategy,
    pricePerHour,
    protectedHours: read.optionalWhole('protectedHours', 0, 1) === 0 ? 0 : 1,
    fallBack: read.flag('fallBack') ?? true,
  };
}

function tagsOf(read: OptionReader): Readonly<Record<string, string>> {
  const tags = read.texts('tags');
  if (Object.keys(tags).length > mostTags)
    read.fault('tags', `${Object.keys(tags).length} tags, at most ${mostTags} are free`);
  for (const [key, value] of Object.entries(tags))
    if (
      !/^(?!aliyun|acs:|burstlet\.dev\/).{1,64}$/.test(key) ||
      value.length > 128 ||
      /https?:\/\//.test(key + value)
    )
      read.fault(
        `tags.${key}`,
        'a key has at most 64 characters and begins with none of aliyun, acs: and burstlet.dev/, a value at most 128, and neither holds a URL',
      );
  return tags;
}
