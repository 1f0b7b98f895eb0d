import { getEventListeners } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../telemetry/fake-clock.ts';
import { silentLog } from '../telemetry/log.ts';
import type { KubeClient } from './client.ts';
import type { Credentials, Identity } from './credentials.ts';
import {
  ConnectionError,
  isAlreadyExists,
  isConflict,
  isForbidden,
  isGone,
  isInvalid,
  isNotFound,
  StatusError,
  surelyDidNothing,
} from './errors.ts';
import { leases, nodes, pods } from './resources.ts';
import { createKubeClient, type KubeClientDeps } from './rest-client.ts';
import { anonymous } from './testing/anonymous.ts';
import { readBody, sendJson, startLoopback, statusBody, until } from './testing/loopback.ts';
import type { CallRecord } from './transport.ts';

type Handler = (request: IncomingMessage, response: ServerResponse, nth: number) => unknown;

const clock = new FakeClock();
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of opened.splice(0)) await thing.close();
});

async function setUp(handler: Handler, deps: Partial<KubeClientDeps> = {}) {
  let nth = 0;
  const calls: CallRecord[] = [];
  const server = await startLoopback((request, response) => handler(request, response, nth++));
  const client = clientOf(server.url, { onCall: (call) => calls.push(call), ...deps });
  opened.push(server);
  return { server, client, calls, seen: () => nth };
}

function clientOf(server: string, deps: Partial<KubeClientDeps> = {}): KubeClient {
  const client = createKubeClient({
    server,
    credentials: anonymous(),
    clock,
    log: silentLog,
    random: () => 0.5,
    ...deps,
  });
  opened.push(client);
  return client;
}

/** The outcome of the call, moving the clock on while it waits. */
async function patiently<T>(promise: Promise<T>, stepMs = 1_000): Promise<T> {
  let done = false;
  promise.then(
    () => (done = true),
    () => (done = true),
  );
  while (!done) await clock.advance(stepMs);
  return promise;
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

const web0 = { namespace: 'default', name: 'web-0' };
const podBody = { apiVersion: 'v1', kind: 'Pod', metadata: { ...web0, uid: 'u1', resourceVersion: '7' } };

describe('requests', () => {
  it.each([
    ['get', (c: KubeClient) => c.get(pods, web0), 'GET /api/v1/namespaces/default/pods/web-0'],
    ['get of a cluster-scoped object', (c) => c.get(nodes, { name: 'a b' }), 'GET /api/v1/nodes/a%20b'],
    [
      'update of a subresource',
      (c) => c.update(pods, podBody, { subresource: 'status' }),
      'PUT /api/v1/namespaces/default/pods/web-0/status',
    ],
    [
      'create',
      (c) => c.create(leases, { metadata: { namespace: 'kube-node-lease', name: 'n' } }),
      'POST /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases',
    ],
    [
      'create of a subresource',
      (c) => c.create(pods, podBody, { name: 'web-0', subresource: 'binding' }),
      'POST /api/v1/namespaces/default/pods/web-0/binding',
    ],
    ['patch', (c) => c.patch(pods, web0, {}), 'PATCH /api/v1/namespaces/default/pods/web-0'],
    ['delete', (c) => c.delete(pods, web0), 'DELETE /api/v1/namespaces/default/pods/web-0'],
  ] satisfies [string, (client: KubeClient) => Promise<unknown>, string][])(
    '%s',
    async (_name, act, expected) => {
      const lines: string[] = [];
      const { client } = await setUp((request, response) => {
        lines.push(`${request.method} ${request.url}`);
        sendJson(response, 200, podBody);
      });
      await act(client);
      expect(lines).toEqual([expected]);
    },
  );

  it('keeps the path of the server address before every call', async () => {
    const urls: (string | undefined)[] = [];
    const { server } = await setUp((request, response) => {
      urls.push(request.url);
      sendJson(response, 200, podBody);
    });
    await clientOf(`${server.url}/k8s/clusters/c-1/`).get(nodes, { name: 'n' });
    expect(urls).toEqual(['/k8s/clusters/c-1/api/v1/nodes/n']);
  });

  it('sends patches with their type and deletes with their preconditions', async () => {
    const seen: unknown[] = [];
    const { client } = await setUp(async (request, response) => {
      seen.push([request.headers['content-type'], JSON.parse(await readBody(request))]);
      sendJson(response, 200, podBody);
    });
    await client.patch(pods, web0, { a: 1 });
    await client.patch(pods, web0, { a: 1 }, { type: 'merge' });
    await client.patch(pods, web0, [], { type: 'json' });
    await client.delete(pods, web0, { uid: 'u1', gracePeriodSeconds: 0 });
    expect(seen).toEqual([
      ['application/strategic-merge-patch+json', { a: 1 }],
      ['application/merge-patch+json', { a: 1 }],
      ['application/json-patch+json', []],
      [
        'application/json',
        { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0, preconditions: { uid: 'u1' } },
      ],
    ]);
  });

  it('refuses an empty name: the call would be one on the whole collection', async () => {
    const { client, seen } = await setUp((_request, response) => sendJson(response, 200, {}));
    await expect(client.delete(pods, { namespace: 'default', name: '' })).rejects.toThrow('"" is no name');
    await expect(client.delete(pods, { name: 'web-0' })).rejects.toThrow('Pod is namespaced');
    await expect(client.get(pods, { namespace: '', name: 'x' })).rejects.toThrow('"" is no namespace');
    expect(seen()).toBe(0);
  });

  it('keeps connections alive, and runs calls in parallel beside watches', async () => {
    const held: ServerResponse[] = [];
    const { client, server } = await setUp((request, response) => {
      if (request.url?.includes('watch=true')) response.writeHead(200).flushHeaders();
      else if (request.method === 'PATCH') held.push(response);
      else sendJson(response, 200, podBody);
    });
    for (let n = 0; n < 5; n++) await client.get(pods, web0);
    // undici rests a connection for one turn of the event loop, so that two of them take turns.
    expect(server.accepted).toBeLessThanOrEqual(2);
    const stop = new AbortController();
    const watches = Array.from({ length: 40 }, () =>
      failure(
        client.watch(pods, { resourceVersion: '1', signal: stop.signal })[Symbol.asyncIterator]().next(),
      ),
    );
    const writes = Array.from({ length: 24 }, () => client.patch(pods, web0, {}));
    await until(() => held.length === 16);
    for (const response of held.splice(0)) sendJson(response, 200, podBody);
    await until(() => held.length === 8);
    for (const response of held) sendJson(response, 200, podBody);
    await Promise.all(writes);
    stop.abort();
    await Promise.all(watches);
  });
});

describe('errors', () => {
  it.each([
    [404, 'NotFound', isNotFound],
    [409, 'Conflict', isConflict],
    [409, 'AlreadyExists', isAlreadyExists],
    [410, 'Expired', isGone],
    [403, 'Forbidden', isForbidden],
    [422, 'Invalid', isInvalid],
  ] as const)('%i %s', async (code, reason, is) => {
    const { client } = await setUp((_request, response) =>
      sendJson(response, code, statusBody(code, reason, 'the message')),
    );
    const error = await failure(client.patch(pods, web0, {}, { subresource: 'status' }));
    expect(error).toMatchObject({
      code,
      reason,
      message: `patch pods/status default/web-0: the message (${code} ${reason})`,
    });
    expect(
      [isNotFound, isConflict, isAlreadyExists, isGone, isForbidden, isInvalid].filter((f) => f(error)),
    ).toEqual([is]);
  });

  it('makes something readable of an answer that is no Status', async () => {
    const page = `<html>\n<h1>Bad   Gateway</h1>${'x'.repeat(500)}`;
    const { client } = await setUp((_request, response) => response.writeHead(502).end(page));
    const error = await failure(client.delete(pods, web0));
    expect(error).toMatchObject({ code: 502, reason: 'Unknown' });
    expect(String(error)).toContain('<html> <h1>Bad Gateway</h1>');
    expect(String(error).length).toBeLessThan(300);
  });

  it('says when nothing can have happened: refused', async () => {
    const { server, client } = await setUp(() => undefined);
    await server.close();
    const error = await failure(patiently(client.create(pods, podBody)));
    expect(error).toMatchObject({ kind: 'connect', untouched: true });
    expect(String(error)).toMatch(/^ConnectionError: create pods default at http:.*ECONNREFUSED/);
    expect(surelyDidNothing(error)).toBe(true);
  });

  it('does not say so when the request was sent', async () => {
    const { client, seen } = await setUp((request) => request.socket.resetAndDestroy());
    const error = await failure(patiently(client.create(pods, podBody)));
    expect(error).toMatchObject({ kind: 'broken', untouched: false });
    expect(seen()).toBe(1);
  });

  it('gives up on the whole call at its bound, and at once on the signal', async () => {
    const { client, calls } = await setUp((_request, response) => response.writeHead(200).write('{"half":'));
    const late = await failure(patiently(client.get(pods, web0, { timeoutMs: 5_000 })));
    expect(late).toMatchObject({ kind: 'timeout', untouched: false });
    expect(String(late)).toContain('no complete answer within 5000 ms');
    const stop = new AbortController();
    const stopped = failure(client.get(pods, web0, { signal: stop.signal }));
    await clock.advance(100);
    stop.abort();
    expect(await stopped).toMatchObject({ kind: 'aborted' });
    expect(calls.map((call) => call.code)).toEqual(['timeout', 'aborted']);
    expect(clock.pending).toBe(0);
  });

  it('never sends what was given up while it waited for a connection', async () => {
    const held: ServerResponse[] = [];
    const { client, seen } = await setUp((request, response) =>
      request.method === 'PATCH' ? held.push(response) : sendJson(response, 200, podBody),
    );
    const busy = Array.from({ length: 16 }, () => client.patch(pods, web0, {}));
    await until(() => held.length === 16);
    const stop = new AbortController();
    const queued = failure(client.patch(pods, web0, {}, { signal: stop.signal }));
    await clock.advance(10);
    stop.abort();
    expect(await queued).toMatchObject({ kind: 'aborted', untouched: true });
    for (const response of held) sendJson(response, 200, podBody);
    await Promise.all(busy);
    await client.get(pods, web0);
    expect(seen()).toBe(17);
  });

  it('caps answers, and wants JSON, without quoting it', async () => {
    const { client } = await setUp(
      (request, response) =>
        request.url?.endsWith('big')
          ? response.end(`{"a":"${'x'.repeat(5_000)}"}`)
          : response.end('secret stuff'),
      { maxResponseBytes: 1_000 },
    );
    const options = { namespace: 'default' };
    await expect(client.update(pods, { metadata: { ...options, name: 'big' } })).rejects.toMatchObject({
      kind: 'protocol',
      message: expect.stringContaining('longer than 1000 bytes'),
    });
    const error = await failure(client.update(pods, { metadata: { ...options, name: 'odd' } }));
    expect(error).toMatchObject({ kind: 'protocol' });
    expect(String(error)).not.toContain('secret');
  });
});

describe('retries', () => {
  it('repeats reads over resets, 5xx and 429, and counts every request', async () => {
    const { client, calls } = await setUp((request, response, nth) => {
      if (nth === 0) request.socket.resetAndDestroy();
      else if (nth === 1) sendJson(response, 503, statusBody(503, 'ServiceUnavailable'));
      else if (nth === 2) sendJson(response, 429, statusBody(429, 'TooManyRequests'), { 'retry-after': '2' });
      else sendJson(response, 200, podBody);
    });
    const before = clock.now();
    expect(await patiently(client.get(pods, web0), 100)).toMatchObject(podBody);
    expect(clock.now() - before).toBeGreaterThanOrEqual(2_000);
    expect(calls.map(({ verb, resource, code }) => `${verb} ${resource} ${code}`)).toEqual([
      'get pods broken',
      'get pods 503',
      'get pods 429',
      'get pods 200',
    ]);
  });

  it('stops after four tries', async () => {
    const { client, seen } = await setUp((_request, response) =>
      sendJson(response, 500, statusBody(500, 'InternalError')),
    );
    expect(await failure(patiently(client.get(pods, web0)))).toBeInstanceOf(StatusError);
    expect(seen()).toBe(4);
  });

  it.each([
    [429, 2],
    [500, 1],
    [409, 1],
  ])('repeats a write after %i: %i requests', async (code, requests) => {
    const { client, seen } = await setUp((_request, response, nth) =>
      nth === 0 ? sendJson(response, code, statusBody(code, 'X')) : sendJson(response, 200, podBody),
    );
    await patiently(client.patch(pods, web0, {}).catch(() => undefined));
    expect(seen()).toBe(requests);
  });

  it('repeats a write over a refused connection', async () => {
    const first = await startLoopback(() => undefined);
    await first.close();
    const client = clientOf(first.url);
    const write = client.patch(pods, web0, {});
    opened.push(await startLoopback((_request, response) => sendJson(response, 200, podBody), first.port));
    expect(await patiently(write)).toMatchObject(podBody);
  });

  it('does not wait for a Retry-After past its bound', async () => {
    const { client, seen } = await setUp((_request, response) =>
      sendJson(response, 429, statusBody(429, 'TooManyRequests'), { 'retry-after': '3600' }),
    );
    const error = await failure(patiently(client.patch(pods, web0, {}, { timeoutMs: 10_000 })));
    expect(error).toMatchObject({ code: 429, retryAfterMs: 3_600_000 });
    expect(seen()).toBe(1);
  });
});

describe('credentials', () => {
  function counting(): Credentials & { invalidated: number } {
    const tls = {};
    return {
      invalidated: 0,
      async current(): Promise<Identity> {
        return { authorization: `Bearer token-${this.invalidated}`, tls };
      },
      invalidate() {
        this.invalidated++;
      },
    };
  }

  it('asks for fresh ones after a 401 and repeats the call once, writes too', async () => {
    const credentials = counting();
    const { client } = await setUp(
      (request, response) =>
        request.headers.authorization === 'Bearer token-1'
          ? sendJson(response, 200, podBody)
          : sendJson(response, 401, statusBody(401, 'Unauthorized')),
      { credentials },
    );
    await client.create(pods, podBody);
    expect(credentials.invalidated).toBe(1);
  });

  it('gives up on the second 401, and never tells the token', async () => {
    const credentials = counting();
    const { client, seen } = await setUp(
      (_request, response) => sendJson(response, 401, statusBody(401, 'Unauthorized')),
      { credentials },
    );
    const error = await failure(client.create(pods, podBody));
    expect(error).toMatchObject({ code: 401, reason: 'Unauthorized' });
    expect(JSON.stringify(error) + String(error)).not.toContain('token-');
    expect(seen()).toBe(2);
  });

  it('reports credentials that cannot be had, without a request', async () => {
    const credentials: Credentials = {
      current: () => Promise.reject(new Error('cannot read /x/token')),
      invalidate() {},
    };
    const { client, seen } = await setUp(() => undefined, { credentials });
    expect(await failure(client.get(pods, web0))).toMatchObject({ kind: 'credentials', untouched: true });
    expect(seen()).toBe(0);
  });

  it('opens new connections when the TLS side of the identity changed, and only then', async () => {
    let identity: Identity = { tls: {} };
    const { client, server } = await setUp((_request, response) => sendJson(response, 200, podBody), {
      credentials: { current: async () => identity, invalidate() {} },
    });
    await client.get(pods, web0);
    await settle();
    identity = { authorization: 'Bearer other', tls: identity.tls };
    await client.get(pods, web0);
    expect(server.accepted).toBe(1);
    await settle();
    identity = { tls: { servername: 'api' } };
    await client.get(pods, web0);
    expect(server.accepted).toBe(2);
  });
});

it('fails calls after close, and ends running ones', async () => {
  const { client } = await setUp((_request, response) => response.writeHead(200).flushHeaders());
  const running = failure(client.get(pods, web0));
  await clock.advance(1);
  await client.close();
  expect(await running).toBeInstanceOf(ConnectionError);
  expect(await failure(client.get(pods, web0))).toMatchObject({ kind: 'aborted', untouched: true });
});

it('ends watches of an earlier identity too when it is closed', async () => {
  let identity: Identity = { tls: {} };
  const { client } = await setUp(
    (request, response) =>
      request.url?.includes('watch=')
        ? response.writeHead(200).flushHeaders()
        : sendJson(response, 200, podBody),
    { credentials: { current: async () => identity, invalidate() {} } },
  );
  const opened = Promise.withResolvers<void>();
  const watch = client.watch(pods, { resourceVersion: '1', onOpen: opened.resolve });
  const end = failure(watch[Symbol.asyncIterator]().next());
  await opened.promise;
  identity = { tls: { servername: 'api' } };
  await client.get(pods, web0);
  await client.close();
  expect(await end).toMatchObject({ kind: 'aborted' });
});

it('leaves nothing on a signal that many calls share', async () => {
  const { client } = await setUp((_request, response) => sendJson(response, 200, podBody));
  const stop = new AbortController();
  const calls = Array.from({ length: 200 }, () => client.patch(pods, web0, {}, { signal: stop.signal }));
  await Promise.all(calls);
  expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  expect(clock.pending).toBe(0);
});
