import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { KubeClient } from '../kube/client.ts';
import { selfSignedCertificate } from '../node/serving-certificate.ts';
import { systemClock } from '../telemetry/clock.ts';
import { silentLog } from '../telemetry/log.ts';
import { createKubeletServer, type KubeletServer } from './kubelet-server.ts';
import type { NodeView } from './node-view.ts';
import { ProbeCounts } from './stats/probe-counts.ts';
import { UsageSource } from './stats/usage-source.ts';
import { ScriptedProvider } from './streaming/testing/scripted-provider.ts';
import { streamView } from './streaming/testing/stream-server.ts';

/** Knows `reader`, who may `get` only, and `admin`. */
async function review(
  resource: { kind: string },
  { spec }: { spec: { token?: string; user?: string; resourceAttributes?: { verb: string } } },
): Promise<unknown> {
  const { token, user, resourceAttributes } = spec;
  if (resource.kind === 'TokenReview')
    return {
      status:
        token === 'reader' || token === 'admin' ? { authenticated: true, user: { username: token } } : {},
    };
  return { status: { allowed: user === 'admin' || resourceAttributes?.verb === 'get' } };
}

const script = new ScriptedProvider();
const longName = 'p'.repeat(253);
const view: NodeView = {
  ...streamView(),
  pod: (namespace, name) => streamView().pod(namespace, name === longName ? 'web-0' : name),
};
const scope = { clusterUid: 'c', node: 'burst-0' };
let server: KubeletServer;
let port: number;

beforeAll(async () => {
  const provider = script.provider();
  const certificate = await selfSignedCertificate('burst-0', ['127.0.0.1'], Date.now());
  server = createKubeletServer({
    ...{ clock: systemClock, log: silentLog, provider, nodeName: 'burst-0', view, certificate },
    client: { create: review } as unknown as KubeClient,
    metrics: () => ({ contentType: 'text/plain', text: '' }),
    usage: new UsageSource({ clock: systemClock, log: silentLog, provider, scope, isKnown: () => true }),
    probes: new ProbeCounts(),
    capacity: () => ({ resources: {}, instances: 1 }),
    configuration: () => ({}),
  });
  port = await server.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => server.close());

const toWebSocket = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'MDEyMzQ1Njc4OWFiY2RlZg==',
};
const toSpdy = {
  connection: 'Upgrade',
  upgrade: 'SPDY/3.1',
  'x-stream-protocol-version': 'v4.channel.k8s.io',
};

async function ask(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number | undefined; text: string }> {
  const sent = httpsRequest({ port, host: '127.0.0.1', path, method, headers, rejectUnauthorized: false });
  sent.end();
  const [response] = await Promise.race([
    once(sent, 'response'),
    once(sent, 'upgrade').then(([upgraded, socket]) => {
      socket.destroy();
      return [upgraded];
    }),
  ]);
  const text = response.statusCode === 101 ? '' : (await response.toArray()).join('');
  return { status: response.statusCode, text };
}

const as = (token: string) => ({ authorization: `Bearer ${token}` });
const exec = '/exec/default/web-0/main?command=exit&command=0&output=1';
const paths = [
  ...[
    exec,
    '/attach/default/web-0/main?output=1',
    '/portForward/default/web-0?port=80',
    '/run/default/web-0/main',
  ],
  ...[
    '/logs/',
    '/checkpoint/default/web-0/main',
    '/healthz',
    '/nothing',
    '/',
    '*',
    '/%zz',
    `/exec/${'x'.repeat(9_999)}`,
  ],
];

describe('nobody passes without a name', () => {
  test.each(paths)('%s', async (path) => {
    const plain = { status: 401, text: 'Unauthorized' };
    for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS', 'PROPFIND'])
      expect([method, await ask(method, path)]).toEqual([method, plain]);
    expect(await ask('GET', path, { ...toWebSocket, ...as('nobody') })).toEqual(plain);
    expect(await ask('POST', path, { ...toSpdy, ...as('nobody') })).toEqual(plain);
    expect((await ask('HEAD', path)).status).toBe(401);
    expect(script.calls).toEqual([]);
  });
});

describe('leave is asked for before anything is done', () => {
  test('GET is get, POST is create', async () => {
    const text = 'Forbidden (user=reader, verb=create, resource=nodes, subresource(s)=[proxy])';
    expect(await ask('POST', exec, { ...toSpdy, ...as('reader') })).toEqual({ status: 403, text });
    expect((await ask('GET', exec, { ...toWebSocket, ...as('reader') })).status).toBe(101);
  });

  test('an upgrade of what is not a stream is answered as a request', async () => {
    expect(await ask('GET', '/healthz', { ...toWebSocket, ...as('admin') })).toEqual({
      status: 200,
      text: 'ok',
    });
    expect((await ask('GET', '/nothing', { ...toWebSocket, ...as('admin') })).status).toBe(404);
    expect((await ask('GET', '/%zz', { ...toWebSocket, ...as('admin') })).status).toBe(400);
  });

  test('Pods may have long names', async () => {
    expect(
      (await ask('GET', exec.replace('web-0', longName), { ...toWebSocket, ...as('admin') })).status,
    ).toBe(101);
  });
});

test('files and checkpoints are not there', async () => {
  for (const path of ['/logs', '/logs/', '/logs/syslog'])
    expect(await ask('GET', path, as('admin'))).toMatchObject({
      status: 405,
      text: expect.stringMatching(/^logs endpoint is disabled/),
    });
  expect((await ask('POST', '/checkpoint/default/web-0/main', as('admin'))).status).toBe(404);
});

test('streams outlive a new certificate, and end with the server', async () => {
  const url = `wss://127.0.0.1:${port}/exec/default/web-0/main?command=cat&input=1&output=1`;
  const client = new WebSocket(url, ['v4.channel.k8s.io'], {
    rejectUnauthorized: false,
    headers: as('admin'),
  });
  const messages: Buffer[] = [];
  client.on('message', (message: Buffer) => messages.push(message));
  await once(client, 'open');
  server.setCertificate(await selfSignedCertificate('burst-0', ['127.0.0.1'], Date.now()));
  client.send(Buffer.from('\0hello'));
  while (!messages.some((message) => message.toString() === '\u0001hello')) await once(client, 'message');
  expect(server.streams.open()).toMatchObject({ exec: 1 });
  await Promise.all([server.close(), once(client, 'close')]);
  expect(messages.at(-1)?.toString()).toContain('the API of the node is closing');
  expect(server.streams.open()).toEqual({ exec: 0, attach: 0, portForward: 0 });
  expect(script.calls.every(({ settled }) => settled)).toBe(true);
});
