import { Agent, request } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Instance, InstanceProvider, InstanceStats, LogEntry } from '../../providers/contract/index.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Pod } from '../kube/types.ts';
import { selfSignedCertificate } from '../node/serving-certificate.ts';
import { systemClock } from '../telemetry/clock.ts';
import { FakeClock } from '../telemetry/fake-clock.ts';
import { silentLog } from '../telemetry/log.ts';
import { createKubeletServer, type KubeletServer } from './kubelet-server.ts';
import type { NodeView } from './node-view.ts';
import { ProbeCounts } from './stats/probe-counts.ts';
import { UsageSource } from './stats/usage-source.ts';

/** Knows two tokens: `good` may do what `allowed` says, `ops` everything; `new...` is somebody whom nobody has asked for yet. */
const reviews = {
  calls: 0,
  asked: [] as string[],
  allowed: ['proxy', 'metrics', 'pods', 'healthz'],
  broken: false,
};

async function review(
  resource: { kind: string },
  object: { spec: Record<string, unknown> },
): Promise<unknown> {
  reviews.calls++;
  if (resource.kind === 'TokenReview') {
    const token = String(object.spec.token);
    const username = token.startsWith('new') ? token : { good: 'alice', ops: 'bob' }[token];
    return { status: username ? { authenticated: true, user: { username, groups: ['devs'] } } : {} };
  }
  if (reviews.broken) throw new Error('the API server is away');
  const attributes = object.spec.resourceAttributes as { subresource: string };
  reviews.asked.push(attributes.subresource);
  const allowed = object.spec.user === 'bob' || reviews.allowed.includes(attributes.subresource);
  return { status: { allowed } };
}

const lines: LogEntry[] = ['one', 'two'].map((text) => ({
  time: '2026-01-01T00:00:00.000000000Z',
  stream: 'stdout',
  data: Buffer.from(text),
  partial: false,
}));

let logs: InstanceProvider['logs'];
let stats: () => Promise<readonly InstanceStats[]>;
const provider = {
  name: 'mock',
  logs: (...args: Parameters<NonNullable<typeof logs>>) => logs?.(...args),
  stats: () => stats(),
} as unknown as InstanceProvider;

const pod: Pod = {
  metadata: { name: 'web-0', namespace: 'default', uid: 'uid-1' },
  spec: { containers: [{ name: 'main' }] },
  status: {
    containerStatuses: [
      { name: 'main', image: '', imageID: '', ready: true, restartCount: 0, state: { running: {} } },
    ],
  },
};
const instance = {
  ref: { id: 'i-1', podUid: 'uid-1' },
  owner: { name: 'web-0', namespace: 'default', podUid: 'uid-1' },
  phase: 'Running',
  containers: [{ name: 'main', image: 'app:1', state: { kind: 'running' } }],
} as unknown as Instance;
const view: NodeView = {
  pods: () => [pod],
  pod: (namespace, name) => (namespace === 'default' && name === 'web-0' ? { pod, instance } : undefined),
  instances: () => [instance],
  trouble: () => undefined,
};

const agent = new Agent({ connect: { rejectUnauthorized: false } });
/** Time passes for what is measured, so that each test has a measurement of its own. */
const clock = new FakeClock(Date.now());
const scope = { clusterUid: 'c', node: 'burst-0' };
let server: KubeletServer;
let origin: string;

async function get(path: string, token: string | null = 'good') {
  const headers = token === null ? {} : { authorization: `Bearer ${token}` };
  const response = await request(`${origin}${path}`, { dispatcher: agent, headers });
  return { status: response.statusCode, text: await response.body.text() };
}

beforeAll(async () => {
  const certificate = await selfSignedCertificate('burst-0', ['127.0.0.1'], Date.now());
  server = createKubeletServer({
    ...{ clock: systemClock, log: silentLog, provider, nodeName: 'burst-0', view, certificate },
    client: { create: review } as unknown as KubeClient,
    metrics: () => ({ contentType: 'text/plain', text: 'burstlet_pods 1\n' }),
    usage: new UsageSource({ clock, log: silentLog, provider, scope, isKnown: () => true }),
    probes: new ProbeCounts(),
    capacity: () => ({ resources: { cpuMillis: 1000 }, instances: 1 }),
    configuration: () => ({ port: 10250 }),
  });
  origin = `https://127.0.0.1:${await server.listen({ host: '127.0.0.1', port: 0 })}`;
});

beforeEach(async () => {
  reviews.broken = false;
  logs = async function* () {
    yield* lines;
  };
  stats = async () => [];
  await clock.advance(60_001);
});

afterAll(async () => {
  await server.close();
  await agent.close();
});

describe('the door', () => {
  test.each(['/healthz', '/pods', '/metrics', '/containerLogs/default/web-0/main', '/nothing'])(
    '%s is shut without a name',
    async (path) => {
      expect(await get(path, null)).toEqual({ status: 401, text: 'Unauthorized' });
      expect(await get(path, 'bad')).toEqual({ status: 401, text: 'Unauthorized' });
    },
  );

  test('is shut to those who may not, and says what they may not', async () => {
    const text = 'Forbidden (user=alice, verb=get, resource=nodes, subresource(s)=[stats])';
    expect(await get('/stats/summary')).toEqual({ status: 403, text });
  });

  test.each([
    ['/%73tats/summary', ['stats']],
    ['/%6detrics/resource', ['metrics']],
    ['/%70ods?x=/metrics', ['pods']],
    // Nobody answers these: they ask for the most.
    ['/nothing', ['proxy']],
    ['/metrics%2fresource', ['proxy']],
    ['//metrics', ['proxy']],
  ])('asks leave for what will answer %s, not for how it is written', async (path, asked) => {
    reviews.asked = [];
    await get(path, `new${reviews.calls}`);
    expect(reviews.asked).toEqual(asked);
  });

  test('asks once and remembers', async () => {
    await get('/healthz');
    const before = reviews.calls;
    await get('/healthz');
    expect(reviews.calls).toBe(before);
  });

  test('stays shut when the API server cannot be asked', async () => {
    reviews.broken = true;
    const { status, text } = await get('/checkpoint/default/web-0/main');
    expect({ status, text }).toEqual({
      status: 500,
      text: 'Authorization error (user=alice, verb=get, resource=nodes, subresource=checkpoint)',
    });
  });
});

describe('the node API', () => {
  test('lists its Pods', async () => {
    expect(JSON.parse((await get('/pods')).text)).toMatchObject({
      kind: 'PodList',
      apiVersion: 'v1',
      items: [{ metadata: { name: 'web-0' } }],
    });
  });

  test.each(['/runningpods', '/runningpods/'])('%s tells what the provider runs', async (path) => {
    expect(JSON.parse((await get(path)).text)).toMatchObject({
      kind: 'PodList',
      items: [{ metadata: { uid: 'uid-1' }, spec: { containers: [{ name: 'main', image: 'app:1' }] } }],
    });
  });

  test.each(['/healthz', '/healthz/ping', '/healthz/log', '/healthz/syncloop'])('%s is ok', async (path) => {
    expect(await get(path)).toEqual({ status: 200, text: 'ok' });
  });

  test('answers metrics and configz', async () => {
    expect((await get('/metrics')).text).toContain('burstlet_pods 1');
    expect((await get('/metrics/probes')).text).toContain('# TYPE prober_probe_total counter');
    expect(JSON.parse((await get('/configz')).text)).toEqual({ kubeletconfig: { port: 10250 } });
  });

  test('tells the usage of its Pods, however it is asked', async () => {
    const time = new Date().toISOString();
    const used = { time, startedAt: time, cpuNanoSeconds: 2e9, memoryWorkingSetBytes: 5 };
    stats = async () => [{ ref: { id: 'i', podUid: 'uid-1' }, containers: [{ name: 'main', ...used }] }];
    expect(JSON.parse((await get('/stats/summary?only_cpu_and_memory=true', 'ops')).text)).toMatchObject({
      node: { nodeName: 'burst-0', memory: { workingSetBytes: 5 } },
      pods: [{ podRef: { name: 'web-0' }, containers: [{ name: 'main' }] }],
    });
    const labels = 'container="main",namespace="default",pod="web-0"';
    expect((await get('/metrics/resource')).text).toContain(
      `container_cpu_usage_seconds_total{${labels}} 2 `,
    );
    expect((await get('/metrics/cadvisor')).text).toContain('machine_cpu_cores 1\n');
    const headers = { authorization: 'Bearer ops' };
    const posted = await request(`${origin}/stats/summary`, { dispatcher: agent, headers, method: 'POST' });
    expect(await posted.body.json()).toMatchObject({ node: { systemContainers: [{ name: 'kubelet' }] } });
  });

  test.each([
    ['application/json', '{', 400],
    ['text/x', 'x', 415],
  ])('a body of %s that cannot be read is the fault of the one who sent it', async (type, body, status) => {
    const headers = { authorization: 'Bearer ops', 'content-type': type };
    const options = { dispatcher: agent, headers, method: 'POST', body } as const;
    const answer = await request(`${origin}/stats/summary`, options);
    await answer.body.dump();
    expect(answer.statusCode).toBe(status);
  });

  test('says so when the usage cannot be had, and is well otherwise', async () => {
    stats = () => Promise.reject(new Error('the engine is away'));
    const text = 'Internal Error: the engine is away\n';
    expect(await get('/stats/summary', 'ops')).toEqual({ status: 500, text });
    expect(await get('/metrics/cadvisor')).toEqual({ status: 500, text });
    const resource = await get('/metrics/resource');
    expect(resource).toMatchObject({
      status: 200,
      text: expect.stringContaining('\nresource_scrape_error 1\n'),
    });
    expect(resource.text).not.toContain('node_cpu');
    expect((await get('/healthz')).status).toBe(200);
  });

  test('says what it does not serve', async () => {
    expect(await get('/nothing')).toMatchObject({
      status: 404,
      text: expect.stringContaining('is not served'),
    });
  });
});

describe('logs', () => {
  const path = '/containerLogs/default/web-0/main';

  test('are sent as lines', async () => {
    expect(await get(path)).toEqual({ status: 200, text: 'one\ntwo\n' });
    expect((await get(`${path}?timestamps=true`)).text).toContain('2026-01-01T00:00:00.000000000Z one\n');
    expect((await get(`${path}?limitBytes=5`)).text).toBe('one\nt');
  });

  test('of an unknown Pod or container are errors in the words of the kubelet', async () => {
    expect(await get('/containerLogs/default/web-1/main')).toEqual({
      status: 404,
      text: 'pod "web-1" does not exist',
    });
    expect(await get('/containerLogs/default/web-0/x')).toEqual({
      status: 404,
      text: 'container "x" not found in pod "web-0"',
    });
  });

  test('of a silent container answer at once, and end when the client leaves', async () => {
    const ended = Promise.withResolvers<void>();
    logs = async function* (_ref, _query, signal) {
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      ended.resolve();
      yield* [];
    };
    const client = new AbortController();
    const headers = { authorization: 'Bearer good' };
    const response = await request(`${origin}${path}?follow=true`, {
      dispatcher: agent,
      headers,
      signal: client.signal,
    });
    expect(response.statusCode).toBe(200);
    response.body.on('error', () => undefined);
    client.abort();
    await ended.promise;
  });

  test('that fail before the first line are errors, and after it broken streams', async () => {
    logs = async function* () {
      yield* [];
      throw new Error('disk on fire');
    };
    expect(await get(path)).toEqual({ status: 500, text: 'disk on fire' });
    logs = async function* () {
      yield* lines;
      throw new Error('disk on fire');
    };
    await expect(get(path)).rejects.toThrow();
  });
});
