import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthority } from '../authority.ts';
import { TestApi } from './test-api.ts';

let api: TestApi;
let kubelet: Server;
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeAll(async () => {
  api = await TestApi.start();
  kubelet = await startKubelet();
  const { port } = kubelet.address() as AddressInfo;
  const node = (name: string, Port: number) =>
    api.store.create('nodes', {
      metadata: { name },
      status: {
        addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
        daemonEndpoints: { kubeletEndpoint: { Port } },
      },
    });
  node('n1', port);
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
  pod('lost', 'away', 'c');
});

/** With a certificate of nobody's, for another address, as a kubelet makes itself one. */
async function startKubelet(): Promise<Server> {
  const stranger = await createAuthority(Date.now);
  const { certPem, keyPem } = await stranger.issue({ commonName: 'system:node:n', ips: ['127.0.0.9'] });
  const server = createServer(
    { cert: certPem, key: keyPem, ca: api.authority.caPem, requestCert: true, rejectUnauthorized: false },
    (request, response) => answer(request, response),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

afterAll(async () => {
  kubelet.closeAllConnections();
  kubelet.close();
  await api.stop();
});

const logs = (name: string, query = '') =>
  api.send('GET', `/api/v1/namespaces/default/pods/${name}/log?${query}`);

describe('logs', () => {
  it('come from the kubelet of the node, with the options and as the API server', async () => {
    const seen: string[] = [];
    answer = (request, response) => {
      const socket = request.socket as TLSSocket;
      const { CN, O } = socket.getPeerCertificate().subject;
      seen.push(`${request.method} ${request.url}`, `${socket.authorized} ${CN} ${O}`);
      // It may go to anybody.
      expect(request.headers.authorization).toBeUndefined();
      response.end('hello\n');
    };
    const { status, headers, body } = await logs(
      'two',
      'container=b&follow=1&tailLines=5&timestamps=true&sinceSeconds=3&pretty=x',
    );
    expect([status, headers['content-type'], body.text]).toEqual([200, 'text/plain', 'hello\n']);
    expect(seen).toEqual([
      'GET /containerLogs/default/two/b?follow=true&timestamps=true&sinceSeconds=3&tailLines=5',
      'true kube-apiserver-kubelet-client system:masters',
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
  ])('of %s with %j are refused', async (name, query, code, message) => {
    const { status, body } = await logs(name, query);
    expect([status, body.kind]).toEqual([code, 'Status']);
    expect(body.message).toContain(message);
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
  it('passes on requests and answers as they are', async () => {
    answer = (request, response) => {
      expect([request.headers.authorization, request.headers['x-own']]).toEqual([undefined, undefined]);
      response
        .writeHead(418, { 'content-type': 'text/x', 'x-node': 'yes' })
        .end(`${request.method} ${request.url}`);
    };
    const path = '/api/v1/nodes/n1/proxy/stats/summary?only_cpu_and_memory=true';
    const { status, body, headers } = await api.send('GET', path);
    expect([status, body.text, headers['content-type'], headers['x-node']]).toEqual([
      418,
      'GET /stats/summary?only_cpu_and_memory=true',
      'text/x',
      'yes',
    ]);
    expect((await api.send('GET', '/api/v1/nodes/n1/proxy')).body.text).toBe('GET /');
    expect((await api.send('DELETE', '/api/v1/nodes/n1/proxy/x')).body.text).toBe('DELETE /x');
    expect(await api.send('HEAD', '/api/v1/nodes/n1/proxy/x')).toMatchObject({
      status: 418,
      body: { text: '' },
    });
    expect((await api.send('GET', '/api/v1/nodes/none/proxy')).body.message).toBe('nodes "none" not found');
  });

  it('passes on bodies', async () => {
    answer = (request, response) => void request.pipe(response);
    const sent = { body: 'x'.repeat(300_000), type: 'text/plain' };
    expect((await api.send('POST', '/api/v1/nodes/n1/proxy/run', sent)).body.text).toBe(sent.body);
  });
});

describe('pods/proxy', () => {
  it('goes to the port of the Pod, without a word of who asks', async () => {
    const server = createHttpServer((request, response) => {
      response.end(`${request.method} ${request.url} ${request.headers.authorization ?? 'nobody'}`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      api.store.create('pods', {
        metadata: { name: 'web', namespace: 'default' },
        spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'x', ports: [{ containerPort: port }] }] },
      });
      const proxy = (id: string) => `/api/v1/namespaces/default/pods/${id}/proxy/a/b?q=1`;
      expect((await api.send('GET', proxy('web'))).body.message).toBe('address not allowed');
      const pod = api.store.get('pods', 'default', 'web');
      api.store.update('pods', { ...pod, status: { podIP: '127.0.0.1' } }, 'status');
      for (const id of ['web', `web:${port}`, `http:web:${port}`])
        expect((await api.send('GET', proxy(id))).body.text).toBe('GET /a/b?q=1 nobody');
      expect((await api.send('GET', proxy('web:none'))).status).toBe(400);
      expect((await api.send('GET', proxy('ftp:web:1'))).body.message).toBe(
        'invalid pod request "ftp:web:1"',
      );
      expect((await api.send('GET', proxy('web:1'))).body.message).toContain('ECONNREFUSED');
    } finally {
      server.close();
    }
  });
});
