import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ProviderError, wallClock } from '../../contract/index.ts';
import type { EciApi } from './eci-api.ts';
import { createSdkApi } from './sdk-api.ts';

const never = new AbortController().signal;
const credentials = { accessKeyId: 'id', accessKeySecret: 'a-secret' };

let server: ReturnType<typeof createServer>;
let endpoint: URL;
let asked: URL | undefined;
/** Absent = no answer. */
let answer: object | undefined;

beforeEach(async () => {
  asked = undefined;
  answer = {};
  server = createServer((request, response) => {
    asked = new URL(request.url ?? '/', endpoint);
    if (answer !== undefined)
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function api(): EciApi {
  return createSdkApi({ region: 'cn-hangzhou', endpoint, credentials }, wallClock);
}

async function failure(work: Promise<unknown>): Promise<ProviderError> {
  const error = await work.catch((reason: unknown) => reason);
  if (error instanceof ProviderError) return error;
  throw new Error(`expected a ProviderError, found ${String(error)}`);
}

test('parameters that the SDK lacks go with those that it has; the answer is read', async () => {
  answer = { RequestId: '1' };
  const request = { regionId: 'cn-hangzhou', containerGroupId: 'eci-1' };
  const options = { further: { Force: 'true' }, timeoutMs: 5_000 };
  const answered = await api().call('deleteContainerGroup', request, options, never);
  expect(answered).toMatchObject({ requestId: '1' });
  expect(Object.fromEntries(asked?.searchParams ?? [])).toMatchObject({
    RegionId: 'cn-hangzhou',
    ContainerGroupId: 'eci-1',
    Force: 'true',
  });
});

test('an answer that does not come, or that nobody waits for any more, leaves the outcome unknown', async () => {
  answer = undefined;
  const late = await failure(api().call('listUsage', {}, { timeoutMs: 50 }, never));
  const leave = new AbortController();
  const left = failure(api().call('listUsage', {}, { timeoutMs: 5_000 }, leave.signal));
  leave.abort();
  for (const error of [late, await left]) expect(error.kind).toBe('Retryable');
});

test('an answer that is not what the SDK knows is no success', async () => {
  answer = { ContainerGroups: 'all of them' };
  const error = await failure(api().call('describeContainerGroups', {}, { timeoutMs: 5_000 }, never));
  expect(error.kind).toBe('Retryable');
});

test('without the SDK it is said how to install it', () => {
  const nothing = Object.assign(
    () => {
      throw new Error('Cannot find module');
    },
    { resolve: () => '' },
  ) as unknown as NodeJS.Require;
  const make = (): EciApi => createSdkApi({ region: 'r', endpoint }, wallClock, nothing);
  expect(make).toThrow('npm install @alicloud/eci20180808 @alicloud/openapi-client');
});

test('without any credentials it is said where they belong', async () => {
  for (const name of [
    'ALIBABA_CLOUD_ACCESS_KEY_ID',
    'ALIBABA_CLOUD_CREDENTIALS_URI',
    'ALIBABA_CLOUD_ECS_METADATA',
  ])
    vi.stubEnv(name, undefined);
  vi.stubEnv('ALIBABA_CLOUD_ECS_METADATA_DISABLED', 'true');
  vi.stubEnv('HOME', '/nonexistent');
  const chained = createSdkApi({ region: 'cn-hangzhou', endpoint }, wallClock);
  const error = await failure(chained.call('listUsage', {}, { timeoutMs: 10_000 }, never));
  expect(error.kind).toBe('AuthFailed');
  expect(error.message).toContain('provider.options.credentials');
  expect(asked).toBeUndefined();
});
