import { type Market, ProviderError } from '../contract/index.ts';
import type { GivenPrice } from './prices.ts';

export type Architecture = 'X86_64' | 'ARM64';

export interface FargateOptions {
  readonly region: string;
  /** Name or ARN. */
  readonly cluster: string;
  /** Availability zone → subnet. */
  readonly subnets: Readonly<Record<string, string>>;
  readonly securityGroups: readonly string[];
  readonly assignPublicIp: boolean;
  /** In the order in which they are tried. */
  readonly markets: readonly Market[];
  readonly architecture: Architecture;
  /** With it ECS pulls images from private registries and writes logs. */
  readonly executionRoleArn?: string;
  /** What the containers themselves may do. */
  readonly taskRoleArn?: string;
  /** Absent = logs are not kept. */
  readonly logGroup?: string;
  readonly logPrefix: string;
  /** An image with /bin/sh, base64, tar and gzip. Absent = Pods that need it are refused. */
  readonly helperImage?: string;
  readonly enableExecuteCommand: boolean;
  /** A queue that EventBridge fills with the task state changes of the cluster. */
  readonly queueUrl?: string;
  readonly secretStore: 'none';
  /** Tasks at the same time. */
  readonly instances: number;
  /** The quota of the account. */
  readonly vcpus: number;
  /** Task definitions that are kept registered. */
  readonly taskDefinitions: number;
  readonly prices?: Readonly<Partial<Record<Market, GivenPrice>>>;
  readonly endpoint?: string;
  readonly credentials?: Credentials;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Undefined = fine; otherwise what is expected. */
type Check = (value: unknown) => string | undefined;

const text =
  (pattern: RegExp, expected: string): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value) ? undefined : expected;
const oneOf =
  (...words: readonly unknown[]): Check =>
  (value) =>
    words.includes(value) ? undefined : words.map((word) => JSON.stringify(word)).join(' or ');
const whole =
  (least: number): Check =>
  (value) =>
    Number.isSafeInteger(value) && Number(value) >= least ? undefined : `a whole number of ${least} or more`;
const role = text(/^arn:[\w-]+:iam::\d{12}:role\/\S+$/, 'the ARN of an IAM role');

const checks: Readonly<Record<keyof FargateOptions, Check>> = {
  region: text(/^[a-z]{2}(-[a-z]+)+-\d+$/, 'a region such as "eu-west-1"'),
  cluster: text(/^(arn:[\w-]+:ecs:\S+:cluster\/)?[\w-]{1,255}$/, 'the name or the ARN of an ECS cluster'),
  subnets: (value) =>
    isRecord(value) &&
    Object.keys(value).length > 0 &&
    Object.entries(value).every(([zone, subnet]) => /^[a-z0-9-]+$/.test(zone) && isId(subnet, 'subnet'))
      ? undefined
      : 'subnets by zone, such as {"eu-west-1a": "subnet-0a1b2c3d"}',
  securityGroups: (value) =>
    Array.isArray(value) && value.length <= 5 && value.every((group) => isId(group, 'sg'))
      ? undefined
      : 'at most five security groups, such as ["sg-0a1b2c3d"]',
  assignPublicIp: oneOf(true, false),
  markets: (value) =>
    Array.isArray(value) &&
    value.length > 0 &&
    new Set(value).size === value.length &&
    value.every((market) => market === 'spot' || market === 'on-demand')
      ? undefined
      : '["on-demand"], ["spot"], or both in the order in which they shall be tried',
  architecture: oneOf('X86_64', 'ARM64'),
  executionRoleArn: role,
  taskRoleArn: role,
  logGroup: text(/^[\w./#-]{1,512}$/, 'the name of a CloudWatch log group'),
  logPrefix: text(/^[\w.-]{1,128}$/, 'a prefix of letters, digits, ".", "_" and "-"'),
  helperImage: text(/^\S+$/, 'the name of an image'),
  enableExecuteCommand: oneOf(true, false),
  queueUrl: text(/^https?:\/\/\S+$/, 'the URL of an SQS queue'),
  secretStore: (value) =>
    value === 'none'
      ? undefined
      : '"none": secrets reach a task as overrides of its run; no secret store is supported yet',
  instances: whole(1),
  vcpus: whole(1),
  taskDefinitions: whole(1),
  prices: (value) =>
    isRecord(value) &&
    Object.entries(value).every(([market, price]) => market in { spot: 1, 'on-demand': 1 } && isPrice(price))
      ? undefined
      : 'prices by market, such as {"on-demand": {"currency": "USD", "perVcpuHour": 0.04, "perGibHour": 0.0044, "asOf": "2026-01-31"}}',
  endpoint: (value) => endpointTrouble(value),
  credentials: (value) =>
    isRecord(value) &&
    [value.accessKeyId, value.secretAccessKey].every((part) => typeof part === 'string' && part !== '') &&
    Object.keys(value).every((key) => ['accessKeyId', 'secretAccessKey', 'sessionToken'].includes(key))
      ? undefined
      : 'accessKeyId and secretAccessKey; leave it out for the default chain of the SDK',
};

/** Every option there is. */
export const optionNames: readonly string[] = Object.keys(checks);

const required = ['region', 'cluster', 'subnets'] as const;

const defaults = {
  securityGroups: [],
  assignPublicIp: false,
  markets: ['on-demand'],
  architecture: 'X86_64',
  logPrefix: 'burstlet',
  enableExecuteCommand: false,
  secretStore: 'none',
  instances: 250,
  vcpus: 100,
  taskDefinitions: 500,
} as const;

/** Reads `provider.options` of the fargate provider. Throws one InvalidSpec that names every fault. */
export function readFargateOptions(options: Readonly<Record<string, unknown>>): FargateOptions {
  const given: Readonly<Record<string, unknown>> = { ...defaults, ...options };
  const faults = required
    .filter((key) => given[key] === undefined)
    .map((key) => `provider.options.${key}: is missing; give ${checks[key](undefined)}`);
  for (const [key, value] of Object.entries(options)) {
    const known = Object.hasOwn(checks, key);
    const expected = known
      ? checks[key as keyof FargateOptions](value)
      : `there is no such option; correct it to one of ${optionNames.join(', ')}, or remove it`;
    if (expected === undefined) continue;
    faults.push(`provider.options.${key}: ${known ? `expected ${expected}${found(key, value)}` : expected}`);
  }
  if (given.logGroup !== undefined && given.executionRoleArn === undefined)
    faults.push('provider.options.logGroup: needs executionRoleArn, the role with which ECS writes logs');
  if (given.enableExecuteCommand === true && given.taskRoleArn === undefined)
    faults.push(
      'provider.options.enableExecuteCommand: needs taskRoleArn, a role with the ssmmessages permissions',
    );
  if (faults.length > 0) throw new ProviderError('InvalidSpec', faults.join('; '));
  return given as unknown as FargateOptions;
}

/** Credentials are never shown. */
function found(key: string, value: unknown): string {
  return key === 'credentials' ? '' : `, found ${(JSON.stringify(value) ?? 'nothing').slice(0, 80)}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isId(value: unknown, kind: string): boolean {
  return typeof value === 'string' && new RegExp(`^${kind}-[0-9a-zA-Z]+$`).test(value);
}

function isPrice(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { currency, perVcpuHour, perGibHour, asOf } = value;
  return (
    /^[A-Z]{3}$/.test(String(currency)) &&
    [perVcpuHour, perGibHour].every((price) => typeof price === 'number' && price >= 0) &&
    /^\d{4}-\d\d-\d\d$/.test(String(asOf))
  );
}

/** Requests are signed, not encrypted: what is in them is read by everyone on the way of plain HTTP. */
function endpointTrouble(value: unknown): string | undefined {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  const local = url !== undefined && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  return url?.protocol === 'https:' || (local && url.protocol === 'http:')
    ? undefined
    : 'an https URL, or an http URL of this machine';
}
