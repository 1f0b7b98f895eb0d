import {
  endpoint,
  flag,
  listOf,
  mapOf,
  number,
  object,
  oneOf,
  type Read,
  readOptions,
  text,
  whole,
} from '../contract/index.ts';

const price = number(0.001);

const vSwitch = object({
  id: text('the ID of a vSwitch, vsw-...', /^vsw-[\w*-]+$/),
  zone: text('the zone of the vSwitch, such as cn-hangzhou-h', /^[a-z]{2}(-[a-z0-9]+)+$/),
});

const spot = object(
  {
    strategy: oneOf(['SpotAsPriceGo', 'SpotWithPriceLimit']).or('SpotAsPriceGo'),
    /** The bid by size, with SpotWithPriceLimit: a size without one is not bought as spot. */
    pricePerHour: mapOf('the bid by size, such as {"2.0-4.0Gi": 0.12}', price).or({}),
    /** Hours in which it is not taken back: 1, or 0 for none and a lower price. */
    protectedHours: oneOf([0, 1]).or(1),
    /** Buy on demand when no zone has spot stock. */
    fallBack: flag().or(true),
  },
  ({ strategy, pricePerHour = {} }) => ({
    pricePerHour:
      strategy === 'SpotWithPriceLimit' &&
      Object.keys(pricePerHour).length === 0 &&
      'expected the bid per hour of each size, such as {"2.0-4.0Gi": 0.12}',
  }),
);

/** A size by instance type: GPUs and what else vCPU and memory do not name. */
const instanceType = object({
  name: text('an instance type such as ecs.gn6i-c4g1.xlarge', /^ecs\.[\w.-]+$/),
  cpu: number(0.25),
  memoryGiB: number(0.5),
  gpus: number(0).or(0),
  /** In the currency of the region. */
  pricePerHour: price.optional(),
}).as(({ memoryGiB: memoryGib, ...rest }) => ({ ...rest, memoryGib }));

const credentials = object({
  accessKeyId: text('the ID of an access key'),
  accessKeySecret: text('its secret'),
  /** Of temporary keys. */
  securityToken: text().optional(),
}).secret();

/** `provider.options` (docs/guides/burst-to-eci.md). */
export const optionTable = {
  region: text('a region such as cn-hangzhou', /^[a-z]{2}(-[a-z0-9]+)+$/),
  /** Absent = that of the region. */
  endpoint: endpoint()
    .as((url) => new URL(url))
    .unless(
      ({ pathname, search }) =>
        pathname + search !== '/' &&
        'expected a URL without a path, such as https://eci-vpc.cn-hangzhou.aliyuncs.com',
    )
    .optional(),
  vSwitches: listOf('a list of {id, zone}', vSwitch, { least: 1 }),
  securityGroupId: text('the ID of a security group, sg-...', /^sg-[\w*-]+$/),
  /** Absent = environment, then the vendor's chain. */
  credentials: credentials.optional(),
  resourceGroupId: text('the ID of a resource group, rg-...', /^rg-\w+$/).optional(),
  /** Of the instances: what their containers may do with the vendor's APIs. */
  ramRole: text('the name of a RAM role', /^[\w.-]{1,64}$/).optional(),
  computeCategory: oneOf(['general', 'economy']).or('general'),
  /** Absent = on demand only. */
  spot: spot.optional(),
  instanceTypes: listOf('a list of {name, cpu, memoryGiB, gpus, pricePerHour}', instanceType).or([]),
  /** Look for an image cache that has the images. */
  imageCache: flag().or(false),
  /** Minutes in which an instance may pull its images; then it fails. */
  maxPendingMinutes: whole(10, 1440).optional(),
  /** Of every instance. Six of twenty are the marks of ownership, three are left for `k8s.aliyun.com/eci-custom-tags`. */
  tags: mapOf(
    'at most 11 tags',
    text('at most 128 characters without a URL', /^(?!.*https?:\/\/).{0,128}$/s),
    {
      most: 11,
      key: text(
        'a key of at most 64 characters that begins with none of aliyun, acs: and burstlet.dev/ and holds no URL',
        /^(?!aliyun|acs:|burstlet\.dev\/)(?!.*https?:\/\/).{1,64}$/,
      ),
    },
  ).or({}),
  /** Instances at the same time. */
  instances: whole(1, 50_000).or(1000),
};

const eciOptions = object(optionTable);

export type EciOptions = Read<typeof eciOptions> & { readonly endpoint: URL };
export type VSwitch = Read<typeof vSwitch>;
export type SpotPolicy = Read<typeof spot>;
export type Credentials = Read<typeof credentials>;
export type Environment = Readonly<Record<string, string | undefined>>;

/** Throws InvalidSpec that names every fault at once, and what to do about each. */
export function readEciOptions(options: unknown, environment: Environment): EciOptions {
  const read = readOptions(eciOptions, options);
  const found = read.credentials ?? credentialsOf(environment);
  return {
    ...read,
    endpoint: read.endpoint ?? new URL(`https://eci.${read.region}.aliyuncs.com`),
    ...(found && { credentials: found }),
  };
}

function credentialsOf({
  ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId,
  ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret,
  ALIBABA_CLOUD_SECURITY_TOKEN: securityToken,
}: Environment): Credentials | undefined {
  if (!accessKeyId || !accessKeySecret) return undefined;
  return { accessKeyId, accessKeySecret, ...(securityToken && { securityToken }) };
}
