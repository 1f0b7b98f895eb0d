import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { settle } from '../../../telemetry/fake-clock.ts';
import { silentLog } from '../../../telemetry/log.ts';
import { SpdyConnection } from './connection.ts';
import { ConnectionOverError } from './errors.ts';
import { ClientFrames, control, data, goAway, ping, u32 } from './testing/client-frames.ts';
import { MemorySocket } from './testing/memory-socket.ts';
import { Session } from './testing/session.ts';

const hour = 60 * 60 * 1000;

test('what was read with the request is the beginning', async () => {
  const head = Buffer.concat([new ClientFrames().synStream(1, { streamtype: 'error' }), ping(1)]);
  const session = new Session({ head: new Uint8Array(head) });
  await settle();
  expect(session.streams[0]?.headers.get('streamtype')).toEqual(['error']);
  expect(session.socket.frames()).toEqual(['PING 1']);
});

test('close sends what was written, resets what is open, says goodbye last and ends the socket', async () => {
  const session = new Session();
  const [ended, open] = [await session.open(), await session.open()];
  await session.send(session.client.synStream(5, {}));
  session.socket.stall();
  ended.end('all of it');
  open.write('this too');
  session.streams[2]?.write('nobody accepted this');
  const closed = session.connection.close();
  await settle();
  session.socket.unstall();
  await settle();
  session.socket.leave();
  await closed;
  const frames = session.socket.frames();
  expect(frames.slice(0, 3)).toEqual(['DATA 1 all of it', 'DATA 3 this too', 'DATA 1 FIN']);
  expect(frames.slice(3)).toEqual(['RST 1 5', 'RST 3 5', 'RST 5 5', 'GOAWAY 5 0']);
  expect(await session.connection.closed).toEqual({ cause: 'closed', message: 'closed by this node' });
  expect(open.errored).toEqual(new ConnectionOverError('closed by this node'));
  await session.connection.close();
});

test('close waits for a slow client for as long as a connection may be idle, and then 10 s for it to leave', async () => {
  const session = new Session();
  const stream = await session.open();
  session.socket.stall();
  stream.write('the end of the output');
  const closed = session.connection.close();
  await session.clock.advance(3 * hour);
  // It takes the output, and then nothing again: the goodbye waits.
  session.socket.unstall();
  session.socket.stall();
  await session.clock.advance(3 * hour);
  expect(session.end).toBeUndefined();
  session.socket.unstall();
  await settle();
  expect(session.socket.frames()).toEqual(['DATA 1 the end of the output', 'RST 1 5', 'GOAWAY 1 0']);
  await session.clock.advance(9_999);
  expect(session.end).toBeUndefined();
  await session.clock.advance(1);
  await closed;
  expect(session.clock.pending).toBe(0);
});

test('close does not wait for ever', async () => {
  const session = new Session();
  const stream = await session.open();
  session.socket.stall();
  stream.write('never taken');
  const closed = session.connection.close();
  await session.clock.advance(4 * hour + 10_000);
  await closed;
  expect(session.end?.cause).toBe('idle');
});

test('while it closes, what the client sends is taken and dropped', async () => {
  const session = new Session({ limits: { unreadBytes: 1000 } });
  const stream = await session.open();
  await session.send(data(1, Buffer.alloc(2000)));
  expect(session.socket.isPaused()).toBe(true);
  session.socket.stall();
  stream.end('last words');
  void session.connection.close();
  await session.send(data(1, Buffer.alloc(5000)), ping(1), session.client.synStream(3, {}));
  expect(session.socket.readableLength).toBe(0);
  session.socket.unstall();
  await settle();
  expect(session.socket.frames()).toEqual(['DATA 1 last words', 'DATA 1 FIN', 'RST 1 5', 'GOAWAY 1 0']);
  expect(session.streams).toHaveLength(1);
});

test('destroy fails the streams and cuts the socket', async () => {
  const session = new Session();
  const stream = await session.open();
  const failed = finished(stream).catch((error: unknown) => String(error));
  session.connection.destroy(new Error('the node stops'));
  expect(await failed).toContain('the connection ended before the stream: the node stops');
  expect(await session.connection.closed).toEqual({ cause: 'destroyed', message: 'the node stops' });
  expect(session.socket.destroyed).toBe(true);
  expect(session.clock.pending).toBe(0);
});

test('a client that leaves fails the streams', async () => {
  const session = new Session();
  const stream = await session.open();
  const failed = finished(stream).catch((error: unknown) => error);
  session.socket.leave();
  expect(await failed).toBeInstanceOf(ConnectionOverError);
  expect((await session.connection.closed).cause).toBe('client-left');
  await new Promise((resolve) => stream.write('late', resolve));
});

test('GOAWAY of the client ends the connection from both sides', async () => {
  const session = new Session();
  await session.open();
  await session.send(goAway());
  expect(session.socket.frames()).toEqual(['RST 1 5', 'GOAWAY 1 0']);
  session.socket.leave();
  expect(await session.connection.closed).toEqual({
    cause: 'client-left',
    message: 'the client said goodbye',
  });
});

test('a socket that fails, or is gone before it begins, is lost', async () => {
  const session = new Session();
  session.socket.destroy(new Error('ECONNRESET'));
  expect(await session.connection.closed).toEqual({
    cause: 'lost',
    message: 'the connection broke: ECONNRESET',
  });
  const socket = new MemorySocket();
  socket.destroy();
  await once(socket, 'close');
  const { closed } = new SpdyConnection({
    ...{ clock: session.clock, log: silentLog, socket, head: Buffer.alloc(0), onStream() {} },
  });
  expect((await closed).cause).toBe('lost');
  expect(session.clock.pending).toBe(0);
});

test.each([
  [
    'streams of even ids',
    (client: ClientFrames) => client.synStream(2, {}),
    'a stream of the client with the id 2',
  ],
  ['stream 0', (client: ClientFrames) => client.synStream(0, {}), 'a stream of the client with the id 0'],
  ['replies', () => control(2, 0, u32(1)), 'a reply to a stream; this side opens none'],
  ['short SYN_STREAMs', () => control(1, 0, u32(1)), 'a SYN_STREAM that is too short'],
  ['short HEADERS', () => control(8, 0, Buffer.alloc(3)), 'a HEADERS frame that is too short'],
  ['long PINGs', () => control(6, 0, u32(1), u32(1)), 'a control frame (type 6) of 8 bytes, not 4'],
  ['short RST_STREAMs', () => control(3, 0, u32(1)), 'a control frame (type 3) of 4 bytes, not 8'],
  ['short GOAWAYs', () => control(7, 0), 'a control frame (type 7) of 0 bytes, not 8'],
  ['plain HTTP', () => Buffer.from('GET / HTTP/1.1\r\n\r\n'), undefined],
  [
    'endless frames',
    () => Buffer.from('80030004ffffffff', 'hex'),
    'a control frame (type 4) of 16777215 bytes; 16384 are allowed',
  ],
  [
    'a header bomb',
    (client: ClientFrames) => client.synStreamRaw(1, Buffer.alloc(1e6)),
    'headers of more than 65536 bytes',
  ],
])('%s end the session with GOAWAY', async (_, frame, message) => {
  const session = new Session();
  await session.send(frame(session.client), ping(1));
  if (message === undefined) return expect(session.socket.frames()).toEqual([]);
  expect(session.socket.frames()).toEqual(['GOAWAY 0 1']);
  await session.clock.advance(10_000);
  expect(session.end).toEqual({ cause: 'protocol-error', message });
});

test('ids that fall end the session', async () => {
  const session = new Session();
  await session.send(session.client.synStream(5, {}), session.client.synStream(3, {}));
  expect(session.socket.frames()).toEqual(['RST 5 5', 'GOAWAY 5 1']);
});

test('a connection on which nothing comes or goes for 4 h ends; a sign of life counts', async () => {
  const session = new Session();
  const stream = await session.open();
  await session.clock.advance(3 * hour);
  await session.send(ping(1));
  await session.clock.advance(3 * hour);
  stream.write('x');
  await session.clock.advance(4 * hour - 1);
  session.socket.drain();
  expect(stream.destroyed).toBe(false);
  await session.clock.advance(1);
  expect(session.socket.frames()).toEqual(['RST 1 5', 'GOAWAY 1 0']);
  await session.clock.advance(10_000);
  expect(session.end).toEqual({ cause: 'idle', message: 'nothing came or went for 14400000 ms' });
  expect(session.clock.pending).toBe(0);
});
