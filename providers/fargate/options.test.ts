import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ProviderError } from '../contract/index.ts';
import { optionTable, readFargateOptions } from './options.ts';

const least = { region: 'eu-west-1', cluster: 'burst', subnets: { 'eu-west-1a': 'subnet-1' } };
const role = 'arn:aws:iam::123456789012:role/tasks';

test('three options are enough', () => {
  expect(readFargateOptions(least)).toEqual({
    ...least,
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
  });
});

test('every fault is told at once', () => {
  const read = () => readFargateOptions({ cluster: 'a b', subnet: 'x', instances: 0 });
  expect(read).toThrow(ProviderError);
  for (const part of [
    'options.region: is missing',
    'options.subnets: is missing',
    'options.cluster: expected the name or the ARN',
    'options.subnet: there is no such option',
    'options.instances: expected a whole number of 1 or more, found 0',
  ])
    expect(read).toThrow(part);
});

test.each([
  [{ region: 'nowhere' }, 'a region such as "eu-west-1", found "nowhere"'],
  [{ subnets: {} }, 'subnets by zone'],
  [{ subnets: { 'eu-west-1a': 'vpc-1' } }, 'subnets.eu-west-1a: expected the ID of a subnet'],
  [{ securityGroups: 'sg-1' }, 'at most five security groups'],
  [{ markets: [] }, 'in which they shall be tried'],
  [{ markets: ['spot', 'spot'] }, 'markets: names a market twice'],
  [{ assignPublicIp: 'yes' }, 'expected true or false, found "yes"'],
  [{ executionRoleArn: 'tasks' }, 'the ARN of an IAM role'],
  [
    { securityGroups: ['sg-1', 'x'] },
    'securityGroups[1]: expected the ID of a security group, sg-..., found "x"',
  ],
  [{ logGroup: 'burst' }, 'logGroup: needs executionRoleArn'],
  [{ enableExecuteCommand: true }, 'enableExecuteCommand: needs taskRoleArn'],
  [{ secretStore: 'secretsmanager' }, 'secretStore: needs executionRoleArn'],
  [{ endpoint: 'http://ecs.example.com' }, 'an https URL, or an http URL of this machine'],
  [{ prices: { spot: { perVcpuHour: 1 } } }, 'prices.spot.currency: is missing; give a currency such as USD'],
])('%j is refused', (options, message) => {
  expect(() => readFargateOptions({ ...least, ...options })).toThrow(message);
});

test('what is wrong with credentials is told without showing them', () => {
  const read = () =>
    readFargateOptions({ ...least, credentials: { accessKeyId: 'AKIAX', secretAccessKey: 7 } });
  expect(read).toThrow('credentials.secretAccessKey: expected text');
  expect(read).not.toThrow('AKIAX');
});

test('a role that is wrong is there all the same', () => {
  const read = () => readFargateOptions({ ...least, logGroup: 'burst', executionRoleArn: 'tasks' });
  expect(read).toThrow('executionRoleArn: expected the ARN of an IAM role');
  expect(read).not.toThrow('needs executionRoleArn');
});

test.each([
  { cluster: 'arn:aws:ecs:eu-west-1:123456789012:cluster/burst' },
  { endpoint: 'http://127.0.0.1:4566' },
  { markets: ['spot', 'on-demand'], architecture: 'ARM64' },
  { logGroup: '/burst/pods', executionRoleArn: role },
])('%j is accepted', (options) => {
  expect(readFargateOptions({ ...least, ...options })).toMatchObject(options);
});

test('the guide names every option with its default', () => {
  const page = readFileSync(new URL('../../docs/guides/burst-to-fargate.md', import.meta.url), 'utf8');
  const shown = (value: unknown): string =>
    Array.isArray(value) ? value.join(', ') || 'none' : String(value);
  for (const [name, value] of Object.entries(readFargateOptions(least))) {
    const standard = Object.hasOwn(least, name) ? 'required' : shown(value);
    expect(page).toMatch(new RegExp(`^\\| \`${name}\` \\|.*\\| \`?${standard}\`? \\|$`, 'm'));
  }
  for (const name of Object.keys(optionTable)) expect(page).toMatch(new RegExp(`^\\| \`${name}\` \\|`, 'm'));
});
