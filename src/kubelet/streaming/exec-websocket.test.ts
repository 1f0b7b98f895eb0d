import { request } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ChannelClient } from './testing/channel-client.ts';
import { type ScriptedCall, ScriptedProvider } from './testing/scripted-provider.ts';
import { type StreamServer, startStreamServer } from './testing/stream-server.ts';

const script = new ScriptedProvider();
let server: StreamServer;

beforeAll(async () => {
  server = await startStreamServer({ provider: script.provider() });
});
beforeEach(() => {
  script.calls.length = 0;
});
afterAll(() => server.close());

const v4 = 'v4.channel.k8s.io';

function execUrl(
  command: readonly string[],
  streams = 'input=1&output=1&error=1',
  container = 'main',
): string {
  const words = command.map((word) => `command=${encodeURIComponent(word)}`).join('&');
  return `ws://127.0.0.1:${server.port}/exec/default/web-0/${container}?${words}&${streams}`;
}

async function exec(command: readonly string[], protocol: string | undefined = v4, streams?: string) {
  return new ChannelClient(execUrl(command, streams), protocol).opened();
}

function nextCall(): Promise<ScriptedCall> {
  return new Promise((resolve) => {
    script.onCall = resolve;
  });
}

describe('exec over WebSocket', () => {
  test('reports success last, after all output', async () => {
    const client = await exec(['print', 'out', 'err', '0']);
    expect(await client.status()).toEqual({ metadata: {}, status: 'Success' });
    expect([client.text(1), client.text(2)]).toEqual(['out', 'err']);
    expect(client.order.at(-1)).toBe(3);
    expect(await client.closed).toMatchObject({ code: 1000 });
  });

  test('reports it to a slow client too when that has taken all of it', async () => {
    const client = await exec(['dump', '20000000']);
    client.webSocket.pause();
    while (script.calls[0]?.settled !== true) await new Promise(setImmediate);
    client.webSocket.resume();
    expect(await client.status()).toMatchObject({ status: 'Success' });
    expect(client.bytes(1).length).toBe(20_000_000);
    expect(client.order.at(-1)).toBe(3);
  });

  test.each([3, 137, 255])('reports exit code %i with its cause', async (code) => {
    const client = await exec(['exit', String(code)]);
    expect(await client.status()).toEqual({
      metadata: {},
      status: 'Failure',
      reason: 'NonZeroExitCode',
      message: `command terminated with non-zero exit code: exit code ${code}`,
      details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
    });
  });

  test.each(['256', '-1', 'NaN', '0.5'])('takes the code %s for a failure of the provider', async (code) => {
    expect(await (await exec(['exit', code])).status()).toMatchObject({ reason: 'InternalError', code: 500 });
  });

  test('of a provider that loses the instance is an error, never success', async () => {
    const client = await exec(['broken']);
    expect(await client.status()).toEqual({
      metadata: {},
      status: 'Failure',
      reason: 'InternalError',
      code: 500,
      message:
        'Internal error occurred: error executing command in container: the connection to the instance was lost',
      details: {
        causes: [
          { message: 'error executing command in container: the connection to the instance was lost' },
        ],
      },
    });
    expect(client.text(1)).toBe('some output');
  });

  test('begins with an empty message on the lowest channel, as old clients expect', async () => {
    const client = await exec(['print', '', 'e', '0'], v4, 'error=1');
    await client.closed;
    expect(client.order[0]).toBe(2);
  });

  test('tells a command to end when its client leaves', async () => {
    const called = nextCall();
    const client = await exec(['silent']);
    const call = await called;
    client.webSocket.terminate();
    if (!call.signal.aborted)
      await new Promise((resolve) => call.signal.addEventListener('abort', resolve, { once: true }));
    expect(call.signal.reason).toMatchObject({ message: 'the client has left' });
  });

  test('gives a terminal its sizes, and no stderr', async () => {
    const client = await exec(['sizes', '2'], v4, 'output=1&error=1&tty=1');
    client.send(4, '{"Width":80,"Height":24}');
    await client.read(1, '80x24\n');
    client.send(4, '{"Width":12');
    client.send(4, '0,"Height":50}');
    expect(await client.status()).toMatchObject({ status: 'Success' });
    expect(client.text(1)).toBe('80x24\n120x50\n');
    expect(script.calls[0]?.streams.stderr).toBeUndefined();
    expect(script.calls[0]?.tty).toBe(true);
  });

  test.each([undefined, 'channel.k8s.io', 'base64.channel.k8s.io', 'v4.base64.channel.k8s.io'])(
    'carries input and output in protocol %s',
    async (protocol) => {
      const client = new ChannelClient(execUrl(['cat']), protocol);
      await client.opened();
      expect(client.webSocket.protocol).toBe(protocol ?? '');
      client.send(0, 'hello');
      await client.read(1, 'hello');
      client.webSocket.close();
      await client.closed;
    },
  );

  test('says only the words of an error before v4, and nothing of success', async () => {
    const failed = await exec(['exit', '3'], 'channel.k8s.io');
    await failed.closed;
    expect(failed.text(3)).toBe('command terminated with non-zero exit code: exit code 3');
    const done = await exec(['exit', '0'], 'channel.k8s.io');
    await done.closed;
    expect(done.text(3)).toBe('');
  });

  test('from v5 on lets the client end its input', async () => {
    const client = await exec(['cat'], 'v5.channel.k8s.io');
    client.send(0, 'all of it');
    client.send(255, Uint8Array.of(0));
    expect(await client.status()).toMatchObject({ status: 'Success' });
    expect(client.text(1)).toBe('all of it');
    // The server says nothing before there is something to say.
    expect(client.order).toEqual([1, 3]);
  });

  test('ends the session of a client that breaks v5', async () => {
    const client = await exec(['silent'], 'v5.channel.k8s.io');
    client.send(255, Uint8Array.of(0, 1));
    expect(await client.closed).toMatchObject({ code: 1002 });
  });

  test('drops what comes for channels that nobody reads', async () => {
    const client = await exec(['cat'], 'v5.channel.k8s.io');
    for (const channel of [1, 7, 200]) client.send(channel, 'x');
    client.webSocket.send(Buffer.alloc(0));
    client.send(0, 'y');
    client.send(255, Uint8Array.of(0));
    client.send(0, 'too late');
    expect(await client.status()).toMatchObject({ status: 'Success' });
    expect(client.text(1)).toBe('y');
  });

  test('survives a command that ends while its input still comes', async () => {
    const client = await exec(['exit', '0'], 'v5.channel.k8s.io');
    for (let sent = 0; sent < 64; sent++) client.send(0, Buffer.alloc(65_536));
    expect(await client.status()).toMatchObject({ status: 'Success' });
  });

  test('counts what is open', async () => {
    const called = nextCall();
    const client = await exec(['silent']);
    await called;
    expect(server.sessions.open()).toEqual({ exec: 1, attach: 0, portForward: 0 });
    client.webSocket.terminate();
  });
});

/** A plain answer to a request that asks for an upgrade. */
async function refused(
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<{ status: number | undefined; text: string; headers: NodeJS.Dict<string | string[]> }> {
  const webSocket = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'MDEyMzQ1Njc4OWFiY2RlZg==',
    'sec-websocket-protocol': v4,
  };
  return new Promise((resolve, reject) => {
    const sent = request({ port: server.port, path, method, headers: { ...webSocket, ...headers } });
    sent.on('upgrade', () => reject(new Error('it was upgraded')));
    sent.on('error', reject);
    sent.on('response', async (response) => {
      const text = (await response.toArray()).join('');
      resolve({ status: response.statusCode, text, headers: response.headers });
    });
    sent.end();
  });
}

describe('what cannot be is a plain answer before the upgrade', () => {
  const asked = 'command=exit&command=0&output=1';

  test.each([
    ['/exec/default/web-0/main?command=x', 400, 'you must specify at least 1 of stdin, stdout, stderr'],
    [
      '/exec/default/web-0/main?command=x&tty=1&error=1',
      400,
      'you must specify at least 1 of stdin, stdout, stderr',
    ],
    ['/exec/default/web-0/main?output=1', 400, 'you must specify at least one command for the container'],
    ['/exec/default/web-0/main?command=%ff&output=1', 400, 'the query is not UTF-8 in percent encoding'],
    [`/exec/default/web-1/main?${asked}`, 404, 'pod does not exist'],
    [`/exec/default/web-0/other?${asked}`, 500, 'container not found ("other")'],
    [`/exec/default/web-0/old?${asked}`, 500, 'container not found ("old")'],
    [`/exec/default/web-0/uid-2/main?${asked}`, 500, 'container not found ("main")'],
    ['/attach/default/web-0/old?output=1', 500, 'container not found ("old")'],
    ['/attach/default/web-0/main', 400, 'you must specify at least 1 of stdin, stdout, stderr'],
    ['/portForward/default/web-0', 400, 'query parameter "port" is required'],
    ['/portForward/default/web-0?port=', 400, 'query parameter "port" cannot be empty'],
    ['/portForward/default/web-0?port=0', 400, 'port "0" must be > 0'],
    ['/portForward/default/web-0?port=80,x', 400, 'unable to parse "x" as a port'],
    ['/portForward/default/web-1?port=80', 404, 'pod does not exist'],
    ['/portForward/default/web-0/uid-2?port=80', 404, 'pod not found'],
  ])('%s', async (path, status, text) => {
    expect(await refused(path)).toMatchObject({ status, text });
  });

  const path = `/exec/default/web-0/main?${asked}`;

  test('a protocol that is not known', async () => {
    expect(await refused(path, { 'sec-websocket-protocol': 'v9.channel.k8s.io' })).toMatchObject({
      status: 403,
      text: expect.stringContaining('requested protocol(s) are not supported: [v9.channel.k8s.io]'),
    });
    const spdy = { upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'v5.channel.k8s.io, v9.channel.k8s.io' };
    expect(await refused(path, spdy, 'POST')).toMatchObject({
      status: 403,
      text: 'unable to upgrade: unable to negotiate protocol: client supports [v5.channel.k8s.io v9.channel.k8s.io], server accepts [v4.channel.k8s.io v3.channel.k8s.io v2.channel.k8s.io channel.k8s.io]',
      headers: {
        'x-accepted-stream-protocol-versions':
          'v4.channel.k8s.io, v3.channel.k8s.io, v2.channel.k8s.io, channel.k8s.io',
      },
    });
    expect(await refused(path, { upgrade: 'SPDY/3.1' }, 'POST')).toMatchObject({
      status: 400,
      text: 'missing required X-Stream-Protocol-Version header',
    });
    expect(await refused(path, { ...spdy, upgrade: 'h2c', 'x-stream-protocol-version': v4 })).toMatchObject({
      status: 400,
    });
  });

  test('a handshake that is none', async () => {
    expect(await refused(path, { 'sec-websocket-version': '7' })).toMatchObject({ status: 400 });
    expect(await refused(path, { 'sec-websocket-key': 'short' })).toMatchObject({ status: 400 });
    expect(await refused(path, { 'content-length': '0' }, 'POST')).toMatchObject({ status: 405 });
    expect(await refused(path, { 'content-length': '4' }, 'POST')).toMatchObject({ status: 400 });
    expect(await refused(path, { connection: 'keep-alive' })).toMatchObject({
      status: 400,
      text: 'Upgrade request required',
    });
  });

  test('an ability that the provider has not', async () => {
    const other = await startStreamServer({ provider: script.provider('exec', 'attach', 'portForward') });
    const at = (path: string) =>
      fetch(`http://127.0.0.1:${other.port}${path}`).then(async (r) => [r.status, await r.text()]);
    expect(await at(path)).toEqual([501, 'provider scripted has no exec']);
    expect(await at('/attach/default/web-0/main?output=1')).toEqual([501, 'provider scripted has no attach']);
    expect(await at('/portForward/default/web-0')).toEqual([501, 'provider scripted has no port-forward']);
    await other.close();
  });

  test('more sessions than there is room for', async () => {
    const small = await startStreamServer({ provider: script.provider(), maxSessions: 1 });
    const called = nextCall();
    const first = new ChannelClient(execUrl(['silent']).replace(`:${server.port}`, `:${small.port}`), v4);
    await called;
    const second = new ChannelClient(execUrl(['silent']).replace(`:${server.port}`, `:${small.port}`), v4);
    const status = await new Promise((resolve) =>
      second.webSocket.once('unexpected-response', (_, response) => resolve(response.statusCode)),
    );
    expect(status).toBe(429);
    second.webSocket.terminate();
    await small.close();
    expect(await first.status()).toMatchObject({
      reason: 'InternalError',
      message:
        'Internal error occurred: error executing command in container: the API of the node is closing',
    });
  });
});
