import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { createServer, request as httpsRequest, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TestApi } from './test-api.ts';

let api: TestApi;
let kubelet: Server;
let onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

beforeAll(async () => {
  api = await TestApi.start();
  const { certPem, keyPem } = await api.authority.issue({ commonName: 'n', ips: ['127.0.0.1'] });
  kubelet = createServer({
    ...{ cert: certPem, key: keyPem, ca: api.authority.caPem, requestCert: true, rejectUnauthorized: false },
  });
  kubelet.on('upgrade', (request, socket, head) => onUpgrade(request, socket, head));
  await new Promise<void>((resolve) => kubelet.listen(0, '127.0.0.1', resolve));
  addNode(api, 'n1', portOf(kubelet));
  addNode(api, 'away', 1);
  addPod(api, 'one', 'n1', 'c');
  addPod(api, 'two', 'n1', 'a', 'b');
  addPod(api, 'unbound', undefined, 'c');
  addPod(api, 'lost', 'away', 'c');
});

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function addNode({ store }: TestApi, name: string, Port: number): void {
  store.create('nodes', {
    metadata: { name },
    status: {
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port } },
    },
  });
}

function addPod(
  { store }: TestApi,
  name: string,
  nodeName: string | undefined,
  ...containers: string[]
): void {
  store.create('pods', {
    metadata: { name, namespace: 'default' },
    spec: { nodeName, containers: containers.map((container) => ({ name: container, image: 'x' })) },
  });
}

beforeEach(() => {
  onUpgrade = (_request, socket) => socket.destroy();
});

afterAll(async () => {
  await api.stop();
  kubelet.closeAllConnections();
  kubelet.close();
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Of a refusal. */
  readonly text: string;
  /** When the protocol was switched. */
  readonly socket?: Socket;
  readonly head?: Buffer;
}

interface Asked {
  readonly method?: string;
  readonly protocol?: string;
  readonly headers?: object;
  readonly of?: TestApi;
}

function upgrade(path: string, asked: Asked = {}): Promise<Answer> {
  const { method = 'POST', protocol = 'SPDY/3.1', headers = {}, of = api } = asked;
  return new Promise((resolve, reject) => {
    const request = httpsRequest(`${of.url}${path}`, {
      ...{ method, ca: of.authority.caPem, agent: false },
      headers: {
        ...{ connection: 'Upgrade', upgrade: protocol, authorization: `Bearer ${of.admin}` },
        ...headers,
      },
    });
    request.on('error', reject);
    request.on('upgrade', (response, socket, head) =>
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text: '', socket, head }),
    );
    request.on('response', async (response) => {
      let text = '';
      for await (const chunk of response.setEncoding('utf8')) text += chunk;
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
    });
    request.end();
  });
}

const pods = '/api/v1/namespaces/default/pods';

/** Takes the upgrade; `then` has the connection. */
function take(then: (socket: Duplex, request: IncomingMessage, head: Buffer) => void): void {
  onUpgrade = (request, socket, head) => {
    socket.on('error', () => {});
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade}\r\nX-Chosen: v4\r\n\r\nfirst `,
    );
    then(socket, request, head);
  };
}

async function textOf(stream: Duplex, head: Buffer | undefined): Promise<string> {
  let text = String(head ?? '');
  for await (const chunk of stream) text += String(chunk);
  return text;
}

describe('exec, attach and portforward', () => {
  it.each([
    [
      'exec?container=a&command=sh&command=-c&command=a+b&stdin=true&stdout=true&tty=true&stderr=false',
      '/exec/default/two/a?input=1&output=1&tty=1&command=sh&command=-c&command=a+b',
    ],
    ['attach?container=b&stdin=1&stdout=&stderr=true', '/attach/default/two/b?input=1&output=1&error=1'],
    ['portforward', '/portForward/default/two'],
    ['portforward?ports=80&ports=8080', '/portForward/default/two?port=80%2C8080'],
  ])('%s goes to the kubelet in its words', async (asked, expected) => {
    const seen: unknown[] = [];
    take((socket, request) => {
      const { CN, O } = (socket as TLSSocket).getPeerCertificate().subject;
      const { authorization, 'x-stream-protocol-version': versions } = request.headers;
      seen.push(request.method, request.url, CN, O, authorization, versions);
      socket.end();
    });
    const headers = { 'x-stream-protocol-version': ['v4.channel.k8s.io', 'v3.channel.k8s.io'] };
    const { status, headers: answered, socket } = await upgrade(`${pods}/two/${asked}`, { headers });
    socket?.destroy();
    expect([status, answered['x-chosen']]).toEqual([101, 'v4']);
    expect(seen).toEqual([
      ...['POST', expected, 'kube-apiserver-kubelet-client', 'system:masters', undefined],
      'v4.channel.k8s.io, v3.channel.k8s.io',
    ]);
  });

  it('a WebSocket passes with its own headers', async () => {
    take((socket, { method, headers }) => socket.end(`${method} ${headers['sec-websocket-protocol']}`));
    const answer = await upgrade(`${pods}/one/exec?command=x&stdout=true`, {
      ...{ method: 'GET', protocol: 'websocket' },
      headers: { 'sec-websocket-protocol': 'v5.channel.k8s.io' },
    });
    expect(answer.headers.upgrade).toBe('websocket');
    if (answer.socket) expect(await textOf(answer.socket, answer.head)).toBe('first GET v5.channel.k8s.io');
  });

  it('bytes go both ways unchanged, all of them, also behind a slow reader', async () => {
    const megabytes = 8;
    take((socket, _request, head) => {
      let count = head.length;
      socket.on('data', (chunk: Buffer) => {
        count += chunk.length;
        if (count < megabytes * 2 ** 20) return;
        socket.write(Buffer.alloc(megabytes * 2 ** 20, 7));
        socket.end(` last ${count}`);
      });
    });
    const { socket, head } = await upgrade(`${pods}/one/attach?stdin=true`);
    if (socket === undefined) throw new Error('not upgraded');
    socket.write(Buffer.alloc(megabytes * 2 ** 20, 1));
    let text = String(head ?? '');
    let count = text.length;
    for await (const chunk of socket) {
      await new Promise((resolve) => setImmediate(resolve));
      count += chunk.length;
      text = (text + String(chunk)).slice(-32);
    }
    expect(text.endsWith(` last ${megabytes * 2 ** 20}`)).toBe(true);
    expect(count).toBe('first '.length + megabytes * 2 ** 20 + ` last ${megabytes * 2 ** 20}`.length);
  });

  it('what a client sends before it has its answer is not lost', async () => {
    take((socket, _request, head) => {
      let text = String(head);
      const look = (): void => void (text === 'early' && socket.end(text));
      socket.on('data', (chunk) => {
        text += String(chunk);
        look();
      });
      look();
    });
    const socket = connect({
      port: Number(new URL(api.url).port),
      host: '127.0.0.1',
      ca: api.authority.caPem,
    });
    socket.write(
      `POST ${pods}/one/attach?stdin=true HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${api.admin}\r\n` +
        'Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\nearly',
    );
    expect((await textOf(socket, undefined)).split('\r\n\r\n')).toEqual([
      expect.stringMatching(/^HTTP\/1.1 101 /),
      'first early',
    ]);
  });

  it('when either side goes the other hears of it', async () => {
    const closed = Promise.withResolvers<void>();
    take((socket) => {
      socket.resume();
      socket.once('close', () => closed.resolve());
    });
    const { socket } = await upgrade(`${pods}/one/attach?stdin=true`);
    socket?.destroy();
    await closed.promise;

    take((kubeletSide) => kubeletSide.destroy());
    const cut = await upgrade(`${pods}/one/attach?stdin=true`);
    if (cut.socket === undefined) throw new Error('not upgraded');
    cut.socket.on('error', () => {});
    const over = new Promise<void>((resolve) => cut.socket?.once('close', () => resolve()));
    cut.socket.resume();
    await over;
  });

  it('what the kubelet refuses is passed on as it says it', async () => {
    onUpgrade = (_request, socket) =>
      socket.end(
        'HTTP/1.1 500 Internal Server Error\r\nContent-Length: 26\r\n\r\ncontainer not found ("x")\n',
      );
    expect(await upgrade(`${pods}/one/exec?command=x`)).toMatchObject({
      status: 500,
      text: 'container not found ("x")\n',
    });
  });

  it.each([
    ['one/exec?container=x', 400, 'container x is not valid for pod one'],
    ['two/exec', 400, 'a container name must be specified for pod two, choose one of: [a b]'],
    ['none/exec', 404, 'pods "none" not found'],
    ['unbound/attach', 400, 'pod unbound does not have a host assigned'],
    ['lost/exec', 500, 'Internal error occurred: error dialing backend: connect ECONNREFUSED'],
    ['one/portforward?ports=x', 400, 'ports: Invalid value: "x": must be a number'],
    ['one/resize', 501, 'pods/resize'],
    ['one/nothing', 404, 'the server could not find the requested resource'],
  ])('%s is a Status %d', async (path, code, message) => {
    const { status, text } = await upgrade(`${pods}/${path}`);
    expect([status, JSON.parse(text)]).toEqual([
      code,
      expect.objectContaining({ kind: 'Status', code, message: expect.stringContaining(message) }),
    ]);
  });

  it('without an upgrade it is a bad request, without a token unauthorized', async () => {
    expect((await api.send('POST', `${pods}/one/exec?command=x`)).body).toMatchObject({
      code: 400,
      message: 'Upgrade request required',
    });
    const stranger = await upgrade(`${pods}/one/exec`, { headers: { authorization: 'Bearer x' } });
    expect(stranger.status).toBe(401);
  });

  it('an upgrade of anything else is answered as if it were none', async () => {
    const { status, text, headers } = await upgrade('/api/v1/namespaces', { method: 'GET', protocol: 'h2c' });
    expect([status, headers.connection, JSON.parse(text).kind]).toEqual([200, 'close', 'NamespaceList']);
  });

  it('nodes/proxy passes an upgrade, too', async () => {
    take((socket, { url }) => socket.end(url));
    const { socket, head } = await upgrade('/api/v1/nodes/n1/proxy/exec/ns/p/c?command=x');
    if (socket === undefined) throw new Error('not upgraded');
    expect(await textOf(socket, head)).toBe('first /exec/ns/p/c?command=x');
  });
});

it('stopping the server cuts what is open', async () => {
  const other = await TestApi.start();
  addNode(other, 'n1', portOf(kubelet));
  addPod(other, 'one', 'n1', 'c');
  take((socket) => socket.resume());
  const { socket } = await upgrade(`${pods}/one/attach?stdin=true`, { of: other });
  if (socket === undefined) throw new Error('not upgraded');
  socket.on('error', () => {});
  const over = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.resume();
  await other.stop();
  await over;
});
