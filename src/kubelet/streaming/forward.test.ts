import { createServer, type Server } from 'node:net';
import { duplexPair } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../telemetry/fake-clock.ts';
import { silentLog } from '../../telemetry/log.ts';
import { forwardOverSpdy } from './over-spdy/forward-over-spdy.ts';
import { ChannelClient } from './testing/channel-client.ts';
import { connectTunnel } from './testing/raw-websocket.ts';
import { ScriptedProvider } from './testing/scripted-provider.ts';
import { connectSpdy, SpdyClient } from './testing/spdy-client.ts';
import { type StreamServer, startStreamServer } from './testing/stream-server.ts';

const script = new ScriptedProvider();
let server: StreamServer;
let echo: Server;
let port = 0;
/** Nobody listens there. */
let dead = 0;

function listening(on: Server): Promise<number> {
  return new Promise((resolve) =>
    on.listen(0, '127.0.0.1', () => {
      const address = on.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    }),
  );
}

beforeAll(async () => {
  server = await startStreamServer({ provider: script.provider() });
  // Answers what it is told once it was told all of it: half closes must pass both ways.
  echo = createServer({ allowHalfOpen: true }, async (socket) => {
    socket.on('error', () => undefined);
    socket.write('hello ');
    const all = await socket.toArray().catch(() => []);
    socket.end(Buffer.concat(all));
  });
  port = await listening(echo);
  const gone = createServer();
  dead = await listening(gone);
  await new Promise((resolve) => gone.close(resolve));
});
beforeEach(() => {
  script.calls.length = 0;
});
afterAll(async () => {
  await server.close();
  echo.close();
});

async function spdy(): Promise<SpdyClient> {
  return connectSpdy(server.port, '/portForward/default/web-0', 'portforward.k8s.io');
}

function openPair(client: SpdyClient, to: number, requestid: string): { error: number; data: number } {
  const error = client.open({ streamtype: 'error', port: String(to), requestid });
  const data = client.open({ streamtype: 'data', port: String(to), requestid });
  return { error, data };
}

async function tunnel(): Promise<SpdyClient> {
  const path = '/portForward/default/web-0';
  return new SpdyClient(await connectTunnel(server.port, path, 'SPDY/3.1+portforward.k8s.io'));
}

describe.each([
  ['SPDY', spdy],
  ['SPDY in a WebSocket', tunnel],
])('port-forward over %s', (_, connect) => {
  test('carries many connections, each with its half closes', async () => {
    const client = await connect();
    const pairs = Array.from({ length: 20 }, (_, index) => openPair(client, port, String(index)));
    for (const { data } of pairs) client.data(data, `from ${data}`, true);
    await Promise.all(
      pairs.flatMap(({ data, error }) => [client.happened(`fin ${data}`), client.happened(`fin ${error}`)]),
    );
    expect(pairs.map(({ data }) => client.text(data))).toEqual(pairs.map(({ data }) => `hello from ${data}`));
    expect(pairs.map(({ error }) => client.text(error)).join('')).toBe('');
    client.socket.destroy();
  });

  test('a port where nobody listens fails alone, with the words of the system', async () => {
    const client = await connect();
    const bad = openPair(client, dead, 'a');
    const good = openPair(client, port, 'b');
    await client.happened(`fin ${bad.error}`);
    expect(client.text(bad.error)).toMatch(
      new RegExp(`^error forwarding port ${dead} to pod web-0, uid uid-1: .*ECONNREFUSED`),
    );
    await client.happened(`reset ${bad.data}`);
    client.data(good.data, 'still there', true);
    await client.happened(`fin ${good.data}`);
    expect(client.text(good.data)).toBe('hello still there');
    client.socket.destroy();
  });

  test('pairs streams by their ids where there are no requests', async () => {
    const client = await connect();
    client.open({ streamtype: 'error', port: String(port) });
    const data = client.open({ streamtype: 'data', port: String(port) });
    client.data(data, 'x', true);
    await client.happened(`fin ${data}`);
    expect(client.text(data)).toBe('hello x');
    client.socket.destroy();
  });

  test('refuses streams that name no port or no known type', async () => {
    const client = await connect();
    const wrong = [
      { streamtype: 'data' },
      { streamtype: 'data', port: '0' },
      { streamtype: 'data', port: '70000' },
      { streamtype: 'stdin', port: '80' },
      { port: '80' },
    ].map((headers) => client.open(headers));
    await Promise.all(wrong.map((id) => client.happened(`reset ${id}`)));
    client.socket.destroy();
  });

  test('a connection that the client resets ends at the port', async () => {
    const client = await connect();
    const { data } = openPair(client, port, 'a');
    await client.read(data, 'hello');
    client.reset(data);
    const signal = script.calls[0]?.signal;
    if (signal?.aborted === false)
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    client.socket.destroy();
  });
});

test('a stream whose other half does not come in 30 s is told so', async () => {
  const clock = new FakeClock();
  const [ours, theirs] = duplexPair();
  const client = new SpdyClient(theirs);
  const { signal: closing } = new AbortController();
  const forward = forwardOverSpdy({ clock, log: silentLog, socket: ours, head: new Uint8Array(), closing });
  void forward.pairs(() => undefined);
  const error = client.open({ streamtype: 'error', port: '80', requestid: '7' });
  const data = client.open({ streamtype: 'data', port: '80', requestid: '8' });
  await clock.advance(30_000);
  expect(client.text(error)).toBe('request 7: timed out waiting for the other stream');
  expect(client.events).toContain(`reset ${data}`);
  forward.destroy();
  await clock.advance(0);
  expect(clock.pending).toBe(0);
});

describe('port-forward over WebSocket channels', () => {
  const forward = (query: string, protocol?: string) =>
    new ChannelClient(`ws://127.0.0.1:${server.port}/portForward/default/web-0?${query}`, protocol).opened();
  const word = (number: number) => Buffer.from([number & 0xff, number >> 8]);

  test.each([undefined, 'v4.channel.k8s.io', 'v4.base64.channel.k8s.io'])(
    'in protocol %s',
    async (protocol) => {
      const client = await forward(`port=${port}&port=${dead}`, protocol);
      await client.read(3, 'ECONNREFUSED');
      await client.read(0, 'hello');
      const port16 = [0, 1, 2, 3].map((channel) => client.bytes(channel).subarray(0, 2));
      expect(port16).toEqual([word(port), word(port), word(dead), word(dead)]);
      expect(client.bytes(1).length).toBe(2);
      client.webSocket.close();
      await client.closed;
      const signal = script.calls.at(-1)?.signal;
      if (signal?.aborted === false)
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    },
  );

  test('closes when its connections have ended', async () => {
    const client = await forward(`port=${dead}`, 'v4.channel.k8s.io');
    expect(await client.closed).toMatchObject({ code: 1000 });
    expect(client.text(1)).toContain('error forwarding port');
  });
});
