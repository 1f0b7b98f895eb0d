import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import { createTestCa } from '../../../src/kube/testing/certificates.ts';
import { FakeClock } from '../../../src/telemetry/fake-clock.ts';
import { ProviderError } from '../../contract/index.ts';
import type { RemoteChannel } from '../../contract/remote-shell/index.ts';
import { openExecChannel } from './exec-channel.ts';

const never = new AbortController().signal;

let clock: FakeClock;
let server: WebSocketServer;
let url: URL;
let closers: (() => unknown)[];

beforeEach(async () => {
  clock = new FakeClock();
  closers = [];
  server = new WebSocketServer({ host: '127.0.0.1', port: 0, autoPong: false });
  await once(server, 'listening');
  url = new URL(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/exec/?s=a-secret`);
});

afterEach(async () => {
  for (const close of closers) close();
  for (const client of server.clients) client.terminate();
  await new Promise((resolve) => server.close(resolve));
});

/** Both ends of a session. */
async function session(): Promise<{
  channel: RemoteChannel;
  platform: WebSocket;
  asked: string | undefined;
}> {
  const accepted = once(server, 'connection');
  const channel = await openExecChannel({ url, clock }, never);
  closers.push(() => channel.close());
  const [platform, request] = await accepted;
  return { channel, platform, asked: request.headers['sec-websocket-protocol'] };
}

async function failure(work: Promise<unknown>): Promise<ProviderError> {
  const error = await work.catch((reason: unknown) => reason);
  if (error instanceof ProviderError) return error;
  throw new Error(`expected a ProviderError, found ${String(error)}`);
}

/** What came until the end, and how that was. */
async function all(channel: RemoteChannel): Promise<{ text: string; error: unknown }> {
  let text = '';
  try {
    for await (const chunk of channel.output) text += chunk.toString();
    return { text, error: undefined };
  } catch (error) {
    return { text, error };
  }
}

/** Bytes there and back on a session of its own: whatever else could have moved meanwhile has moved. */
async function meanwhile(): Promise<void> {
  const { channel, platform } = await session();
  platform.on('message', (message: Buffer) => platform.send(Buffer.concat([Uint8Array.of(1), message])));
  const answers = channel.output[Symbol.asyncIterator]();
  for (let turn = 0; turn < 100; turn++) {
    await channel.write(Buffer.alloc(1000));
    await answers.next();
  }
}

const frame = (channel: number, text: string): Buffer =>
  Buffer.concat([Uint8Array.of(channel), Buffer.from(text)]);

test('both outputs come in order, also as text; what says nothing is no output', async () => {
  const { channel, platform, asked } = await session();
  expect(asked, 'no subprotocol').toBeUndefined();
  for (const message of [frame(1, ''), frame(1, 'one '), frame(2, 'two '), frame(4, '?'), Buffer.alloc(0)])
    platform.send(message);
  platform.send('three');
  platform.close(1000);
  expect(await all(channel)).toEqual({ text: 'one two three', error: undefined });
});

test('input and sizes go as the channel protocol has them, the last size at least', async () => {
  const { channel, platform } = await session();
  const got: string[] = [];
  platform.on('message', (message: Buffer) => got.push(`${message[0]} ${message.subarray(1)}`));
  for (let width = 1; width <= 50; width++) channel.resize?.({ width, height: 24 });
  await channel.write(Buffer.from('typed\n'));
  channel.close();
  await once(platform, 'close');
  expect(got).toContain('0 typed\n');
  expect(got).toContain('4 {"Width":50,"Height":24}');
  expect(got.length).toBeLessThan(10);
});

test('what came before the connection broke is read, then it is told', async () => {
  const { channel, platform } = await session();
  platform.send(frame(1, 'half a line'), () => platform.terminate());
  await once(platform, 'close');
  const { text, error } = await all(channel);
  expect(text).toBe('half a line');
  expect(error).toMatchObject({ kind: 'Retryable', message: 'the session broke: code 1006' });
  expect((await failure(channel.write(Buffer.from('x')))).message).toMatch(/^the session has ended/);
});

test.each([
  ['exec: "/bin/sh": no such file', 'exec needs /bin/sh in the image: exec: "/bin/sh": no such file'],
  ['{"status":"Failure","message":"exit code 137"}', 'the session was ended: exit code 137'],
  ['two\n\x1b[1mlines\n', 'the session was ended: two [1mlines'],
  ['{not a status', 'the session was ended: {not a status'],
  ['{"status":"Success"}', undefined],
  ['', undefined],
])('channel 3 tells why it failed: %s', async (told, expected) => {
  const { channel, platform } = await session();
  platform.send(frame(3, told));
  platform.close(1000);
  const { error } = await all(channel);
  expect(error instanceof ProviderError ? error.message : error).toBe(expected);
});

test.each([
  ['a channel that is not known', () => frame(7, 'x'), /kind that is not known \(7\)/],
  ['input that comes back', () => frame(0, 'x'), /kind that is not known \(0\)/],
  ['a message without end', () => Buffer.alloc(5 * 1024 * 1024, 1), /Max payload size exceeded/],
])('%s ends the session with an error', async (_, message, expected) => {
  const { channel, platform } = await session();
  platform.send(message());
  const { error } = await all(channel);
  expect(error).toMatchObject({ kind: 'Retryable', message: expect.stringMatching(expected) });
});

test('what nobody reads is not fetched, and is complete when it is read', async () => {
  const { channel, platform } = await session();
  const block = Buffer.alloc(256 * 1024, 'x');
  const hash = createHash('sha256');
  let hasPonged = false;
  platform.once('pong', () => {
    hasPonged = true;
  });
  for (let count = 0; count < 64; count++) {
    hash.update(block);
    platform.send(Buffer.concat([Uint8Array.of(1), block]));
  }
  platform.ping();
  platform.close(1000);
  await meanwhile();
  expect(hasPonged, 'all was fetched').toBe(false);
  const read = createHash('sha256');
  for await (const chunk of channel.output) read.update(chunk);
  expect(read.digest('hex')).toBe(hash.digest('hex'));
});

test('who writes faster than the platform reads waits', async () => {
  const { channel, platform } = await session();
  const sent = createHash('sha256');
  const got = createHash('sha256');
  let bytes = 0;
  platform.on('message', (message: Buffer) => {
    got.update(message.subarray(1));
    bytes += message.length - 1;
  });
  platform.pause();
  let written = 0;
  const writing = (async () => {
    for (; written < 300; written++) {
      const block = Buffer.alloc(100_000, String(written));
      sent.update(block);
      await channel.write(block);
    }
  })();
  await meanwhile();
  expect(written).toBeLessThan(300);
  platform.resume();
  await writing;
  channel.close();
  await once(platform, 'close');
  expect([bytes, got.digest('hex')]).toEqual([30_000_000, sent.digest('hex')]);
});

test('a session that is refused says so, and not its address', async () => {
  const refusing = createServer((socket) => {
    socket.on('error', () => undefined).end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
  });
  const error = await failure(openExecChannel({ url: await listening(refusing), clock }, never));
  expect(error.kind).toBe('Retryable');
  expect(error.message).toBe('the session could not be opened: Unexpected server response: 403');
  expect(clock.pending, 'no timer is left').toBe(0);
});

test('no answer to the handshake: given up in time, or when the caller leaves', async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
  });
  const address = await listening(silent);
  const late = failure(openExecChannel({ url: address, clock }, never));
  await clock.advance(20_000);
  expect((await late).message).toContain('no answer within 20 s');
  const leave = new AbortController();
  const left = openExecChannel({ url: address, clock }, leave.signal);
  leave.abort(new Error('enough'));
  await expect(left).rejects.toThrow('enough');
  await expect(openExecChannel({ url: address, clock }, leave.signal)).rejects.toThrow('enough');
  expect(clock.pending).toBe(0);
});

test('a certificate that nobody vouches for is refused', async () => {
  const { issue } = await createTestCa();
  const tls = createTlsServer(await issue('localhost'));
  const { port } = await listening(tls);
  const secure = new URL(`wss://localhost:${port}/exec/?s=a-secret`);
  const error = await failure(openExecChannel({ url: secure, clock }, never));
  expect(error.message).toMatch(/certificate/);
  expect(error.message).not.toContain('a-secret');
});

test('idle sessions stay open, also where pings find no answer', async () => {
  const { channel, platform } = await session();
  let pings = 0;
  const pinged = new Promise<void>((resolve) =>
    platform.on('ping', () => {
      pings++;
      if (pings === 100) resolve();
    }),
  );
  for (let beat = 0; beat < 100; beat++) await clock.advance(15_000);
  await pinged;
  platform.send(frame(1, 'still here'));
  platform.close(1000);
  expect((await all(channel)).text).toBe('still here');
});

test('a platform that answered, and does not any more, is gone', async () => {
  const { channel, platform } = await session();
  const answered = once(platform, 'ping');
  await clock.advance(15_000);
  await answered;
  platform.pong();
  // Behind the answer on the same connection.
  platform.send(frame(1, 'x'));
  const output = channel.output[Symbol.asyncIterator]();
  await output.next();
  for (let beat = 0; beat < 5; beat++) await clock.advance(15_000);
  await expect(output.next()).rejects.toMatchObject({ kind: 'Retryable', message: /does not answer/ });
});

test('closing says goodbye once', async () => {
  const { channel, platform } = await session();
  channel.close();
  channel.close();
  expect(await all(channel)).toEqual({ text: '', error: undefined });
  expect((await once(platform, 'close'))[0]).toBe(1000);
  await vi.waitFor(() => expect(clock.pending).toBe(0));
});

test('whoever does not answer the goodbye is left without one', async () => {
  let gone: Promise<unknown> = Promise.resolve();
  const deaf = createServer((socket) => {
    gone = once(socket, 'close');
    socket
      .on('error', () => undefined)
      .once('data', (request: Buffer) => {
        const key = /sec-websocket-key: (.*)\r\n/i.exec(request.toString())?.[1] ?? '';
        const accept = createHash('sha1')
          .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
          .digest('base64');
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
        );
      });
  });
  const channel = await openExecChannel({ url: await listening(deaf), clock }, never);
  channel.close();
  expect(clock.pending).toBe(1);
  await clock.advance(5_000);
  await gone;
});

async function listening(target: Server): Promise<URL> {
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  closers.push(() => target.close());
  return new URL(`ws://127.0.0.1:${(target.address() as AddressInfo).port}/exec/?s=a-secret`);
}
