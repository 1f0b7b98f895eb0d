import {
  eachOf,
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

const role = text('the ARN of an IAM role', /^arn:[\w-]+:iam::\d{12}:role\/\S+$/);

/** What the operator pays, as {@link GivenPrice}. */
const price = object({
  currency: text('a currency such as USD', /^[A-Z]{3}$/),
  perVcpuHour: number(0),
  perGibHour: number(0),
  asOf: text('the day on which it was read, such as 2026-01-31', /^\d{4}-\d\d-\d\d$/),
});

/** `provider.options` (docs/guides/burst-to-fargate.md). */
export const optionTable = {
  region: text('a region such as "eu-west-1"', /^[a-z]{2}(-[a-z]+)+-\d+$/),
  /** Name or ARN. */
  cluster: text('the name or the ARN of an ECS cluster', /^(arn:[\w-]+:ecs:\S+:cluster\/)?[\w-]{1,255}$/),
  /** Availability zone → subnet. */
  subnets: mapOf(
    'subnets by zone, such as {"eu-west-1a": "subnet-0a1b2c3d"}',
    text('the ID of a subnet, subnet-...', /^subnet-[0-9a-zA-Z]+$/),
    { least: 1, key: text('a zone such as eu-west-1a', /^[a-z0-9-]+$/) },
  ),
  securityGroups: listOf(
    'at most five security groups, such as ["sg-0a1b2c3d"]',
    text('the ID of a security group, sg-...', /^sg-[0-9a-zA-Z]+$/),
    { most: 5 },
  ).or([]),
  assignPublicIp: flag().or(false),
  /** In the order in which they are tried. */
  markets: listOf(
    '["on-demand"], ["spot"], or both in the order in which they shall be tried',
    oneOf(['spot', 'on-demand']),
    { least: 1 },
  )
    .unless((markets) => new Set(markets).size < markets.length && 'names a market twice')
    .or(['on-demand']),
  architecture: oneOf(['X86_64', 'ARM64']).or('X86_64'),
  /** With it ECS pulls images from private registries and writes logs. */
  executionRoleArn: role.optional(),
  /** What the containers themselves may do. */
  taskRoleArn: role.optional(),
  /** Absent = logs are not kept. */
  logGroup: text('the name of a CloudWatch log group', /^[\w./#-]{1,512}$/).optional(),
  logPrefix: text('a prefix of letters, digits, ".", "_" and "-"', /^[\w.-]{1,128}$/).or('burstlet'),
  /** An image with /bin/sh, base64, tar and gzip. Absent = Pods that need it are refused. */
  helperImage: text('the name of an image', /^\S+$/).optional(),
  enableExecuteCommand: flag().or(false),
  /** A queue that EventBridge fills with the task state changes of the cluster. */
  queueUrl: text('the URL of an SQS queue', /^https?:\/\/\S+$/).optional(),
  /** Where the values of Secrets are kept for tasks: `none` = in the overrides of each run. */
  secretStore: oneOf(['none', 'secretsmanager']).or('none'),
  /** Tasks at the same time. */
  instances: whole(1).or(250),
  /** The quota of the account. */
  vcpus: whole(1).or(100),
  /** Task definitions that are kept registered. */
  taskDefinitions: whole(1).or(500),
  prices: eachOf(['spot', 'on-demand'], price).optional(),
  endpoint: endpoint().optional(),
  /** Absent = the default chain of the SDK. */
  credentials: object({ accessKeyId: text(), secretAccessKey: text(), sessionToken: text().optional() })
    .secret()
    .optional(),
};

const fargateOptions = object(optionTable, ({ logGroup, enableExecuteCommand, secretStore }, given) => ({
  logGroup:
    logGroup !== undefined &&
    given.executionRoleArn === undefined &&
    'needs executionRoleArn, the role with which ECS writes logs',
  enableExecuteCommand:
    enableExecuteCommand === true &&
    given.taskRoleArn === undefined &&
    'needs taskRoleArn, a role with the ssmmessages permissions',
  secretStore:
    secretStore === 'secretsmanager' &&
    given.executionRoleArn === undefined &&
    'needs executionRoleArn, the role with which ECS reads stored secrets',
}));

export type FargateOptions = Read<typeof fargateOptions>;
export type Architecture = FargateOptions['architecture'];

/** Throws one InvalidSpec that names every fault. */
export function readFargateOptions(options: unknown): FargateOptions {
  return readOptions(fargateOptions, options);
}
