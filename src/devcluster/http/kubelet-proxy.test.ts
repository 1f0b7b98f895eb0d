import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApi } from './test-api.ts';

let api: TestApi;
let kubelets: Server[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeAll(async () => {
  api = await TestApi.start();
  // The second has a certificate that is not good for its address.
  kubelets = await Promise.all(['127.0.0.1', '127.0.0.9'].map(startKubelet));
  const [port = 0, other = 0] = kubelets.map((kubelet) => (kubelet.address() as AddressInfo).port);
  const node = (name: string, Port: number) =>
    api.store.create('nodes', {
      metadata: { name },
      status: {
        addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
        daemonEndpoints: { kubeletEndpoint: { Port } },
      },
    });
  node('n1', port);
  node('liar', other);
  node('away', 1);
  const pod = (name: string, nodeName: string | undefined, ...containers: string[]) =>
    api.store.create('pods', {
      metadata: { name, namespace: 'default' },
      spec: {
        nodeName,
        containers: containers.map((container) => ({ name: container, image: 'x' })),
        initContainers: name === 'two' ? [{ name: 'i', image: 'x' }] : [],
      },
    });
  pod('one', 'n1', 'c');
  pod('two', 'n1', 'a', 'b');
  pod('unbound', undefined, 'c');
  pod('lied', 'liar', 'c');
  pod('lost', 'away', 'c');
});

async function startKubelet(certified: string): Promise<Server> {
  const { certPem, keyPem } = await api.authority.issue({ commonName: 'system:node:n', ips: [certified] });
  const server = createServer({ cert: certPem, key: keyPem }, (request, response) =>
    answer(request, response),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

afterAll(async () => {
  for (const kubelet of kubelets) {
    kubelet.closeAllConnections();
    kubelet.close();
  }
  await api.stop();
});

const logs = (name: string, query = '') =>
  api.send('GET', `/api/v1/namespaces/default/pods/${name}/log?${query}`);

describe('logs', () => {
  it('come from the kubelet of the node, with the options and as an authenticated user', async () => {
    const seen: string[] = [];
    answer = (request, response) => {
      const token = String(request.headers.authorization).slice('Bearer '.length);
      seen.push(`${request.method} ${request.url} ${api.tokens.authenticate(token)?.username}`);
      response.end('hello\n');
    };
    const { status, headers, body } = await logs(
      'two',
      'container=b&follow=1&tailLines=5&timestamps=true&sinceSeconds=3&pretty=x',
    );
    expect([status, headers['content-type'], body.text]).toEqual([200, 'text/plain', 'hello\n']);
    expect(seen).toEqual([
      'GET /containerLogs/default/two/b?follow=true&timestamps=true&sinceSeconds=3&tailLines=5 system:kubelet-apiserver',
    ]);
  });

  it('are passed on as they come, and the kubelet hears when the reader leaves', async () => {
    const left = Promise.withResolvers<void>();
    answer = (_request, response) => {
      response.write('first\n');
      response.once('close', () => left.resolve());
    };
    const { body } = await api.open('GET', '/api/v1/namespaces/default/pods/one/log?follow=true');
    for await (const chunk of body) {
      expect(String(chunk)).toBe('first\n');
      break;
    }
    await left.promise;
  });

  it.each([
    [
      'two',
      '',
      400,
      'a container name must be specified for pod two, choose one of: [a b] or one of the init containers: [i]',
    ],
    ['one', 'container=x', 400, 'container x is not valid for pod one'],
    [
      'one',
      'tailLines=-1',
      422,
      'PodLogOptions "one" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'one',
      'sinceSeconds=1&sinceTime=x',
      422,
      'at most one of `sinceTime` or `sinceSeconds` may be specified',
    ],
    ['none', '', 404, 'pods "none" not found'],
    ['lost', '', 500, 'connect ECONNREFUSED'],
    ['lied', '', 500, 'IP: 127.0.0.1 is not in the cert'],
  ])('of %s with %j are refused', async (name, query, code, message) => {
    const { status, body } = await logs(name, query);
    expect([status, body.kind]).toEqual([code, 'Status']);
    expect(body.message).toContain(message);
  });

  it('of an unverified kubelet are had on demand', async () => {
    answer = (_request, response) => response.end('trust me');
    expect((await logs('lied', 'insecureSkipTLSVerifyBackend=true')).body.text).toBe('trust me');
  });

  it('of a Pod that no node has are empty', async () => {
    expect(await logs('unbound')).toMatchObject({ status: 200, body: { text: '' } });
  });

  it.each([
    [400, 'BadRequest', 'container "c" in pod "one" is waiting to start: ContainerCreating'],
    [
      500,
      'InternalError',
      'Internal error occurred: container "c" in pod "one" is waiting to start: ContainerCreating',
    ],
    [404, 'NotFound', 'the server could not find the requested resource ( pods/log one)'],
  ])('that the kubelet refuses with %d say so', async (code, reason, message) => {
    answer = (_request, response) => {
      response.writeHead(code).end('container "c" in pod "one" is waiting to start: ContainerCreating');
    };
    expect((await logs('one')).body).toMatchObject({ code, reason, message });
  });
});

describe('nodes/proxy', () => {
  it('passes on GETs', async () => {
    answer = (request, response) => response.setHeader('content-type', 'text/x').end(request.url);
    const { body, headers } = await api.send(
      'GET',
      '/api/v1/nodes/n1/proxy/stats/summary?only_cpu_and_memory=true',
    );
    expect([body.text, headers['content-type']]).toEqual([
      '/stats/summary?only_cpu_and_memory=true',
      'text/x',
    ]);
    expect((await api.send('POST', '/api/v1/nodes/n1/proxy/run')).status).toBe(405);
  });
});
