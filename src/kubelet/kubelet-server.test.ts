import { Agent, request } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { InstanceProvider, LogEntry } from '../../providers/contract/index.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Pod } from '../kube/types.ts';
import { selfSignedCertificate } from '../node/serving-certificate.ts';
import { systemClock } from '../telemetry/clock.ts';
import { silentLog } from '../telemetry/log.ts';
import { createKubeletServer, type KubeletServer } from './kubelet-server.ts';
import type { NodeView } from './node-view.ts';

/** Knows one token, `good`, and lets it do what `allowed` says. */
const reviews = { calls: 0, allowed: ['proxy', 'metrics', 'pods', 'healthz'], broken: false };

async function review(
  resource: { kind: string },
  object: { spec: Record<string, unknown> },
): Promise<unknown> {
  reviews.calls++;
  if (resource.kind === 'TokenReview') {
    const authenticated = object.spec.token === 'good';
    return {
      status: { authenticated, ...(authenticated ? { user: { username: 'alice', groups: ['devs'] } } : {}) },
    };
  }
  if (reviews.broken) throw new Error('the API server is away');
  const attributes = object.spec.resourceAttributes as { subresource: string };
  return { status: { allowed: reviews.allowed.includes(attributes.subresource) } };
}

const lines: LogEntry[] = ['one', 'two'].map((text) => ({
  time: '2026-01-01T00:00:00.000000000Z',
  stream: 'stdout',
  data: Buffer.from(text),
  partial: false,
}));

let logs: InstanceProvider['logs'];
const provider = {
  name: 'mock',
  logs: (...args: Parameters<NonNullable<typeof logs>>) => logs?.(...args),
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
const instance = { ref: { id: 'i-1', podUid: 'uid-1' } } as never;
const view: NodeView = {
  pods: () => [pod],
  pod: (namespace, name) => (namespace === 'default' && name === 'web-0' ? { pod, instance } : undefined),
  trouble: () => undefined,
};

const agent = new Agent({ connect: { rejectUnauthorized: false } });
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
  });
  origin = `https://127.0.0.1:${await server.listen({ host: '127.0.0.1', port: 0 })}`;
});

beforeEach(() => {
  reviews.broken = false;
  logs = async function* () {
    yield* lines;
  };
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

  test('answers healthz and metrics', async () => {
    expect(await get('/healthz')).toEqual({ status: 200, text: 'ok' });
    expect((await get('/metrics')).text).toContain('burstlet_pods 1');
  });

  test('says what it does not serve', async () => {
    expect(await get('/exec/default/web-0/main')).toMatchObject({
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
