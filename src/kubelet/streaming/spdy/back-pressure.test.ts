import { expect, test } from 'vitest';
import { settle } from '../../../telemetry/fake-clock.ts';
import { pieceOverhead } from './inbox.ts';
import { data, ping, rstStream } from './testing/client-frames.ts';
import { Session } from './testing/session.ts';

const limits = { unreadBytes: 10_000, controlQueueBytes: 2_000 };

test('a stream that is not read stops the reading of the socket; reading it starts it again', async () => {
  const session = new Session({ limits });
  const stream = await session.open();
  const piece = data(1, Buffer.alloc(1000 - pieceOverhead));
  for (let sent = 0; sent < 10; sent++) await session.send(piece);
  expect(session.socket.isPaused()).toBe(false);
  await session.send(piece);
  expect(session.socket.isPaused()).toBe(true);
  // The first one is only handed over by it, the second says that it was used.
  stream.read();
  expect(session.socket.isPaused()).toBe(true);
  stream.read();
  expect(session.socket.isPaused()).toBe(false);
});

test('output goes on while input is stuck', async () => {
  const session = new Session({ limits });
  const stream = await session.open();
  await session.send(data(1, Buffer.alloc(20_000)));
  expect(session.socket.isPaused()).toBe(true);
  stream.write('output');
  await settle();
  expect(session.socket.frames()).toEqual(['DATA 1 output']);
});

test.each([
  ['reset by its owner', (session: Session) => session.streams[0]?.reset('CANCEL')],
  ['destroyed', (session: Session) => session.streams[0]?.destroy()],
  ['read to its end', (session: Session) => session.streams[0]?.resume()],
])('a stream that is %s frees what it held', async (_, act) => {
  const session = new Session({ limits });
  await session.open();
  await session.send(data(1, Buffer.alloc(20_000)), ping(1));
  expect(session.socket.frames()).toEqual([]);
  act(session);
  await settle();
  expect(session.socket.frames()).toContain('PING 1');
  // What still comes for it holds nothing up.
  await session.send(data(1, Buffer.alloc(20_000)), ping(3));
  expect(session.socket.frames()).toEqual(['PING 3']);
});

test('what comes behind the last of a stream is not kept', async () => {
  const session = new Session({ limits });
  await session.open();
  await session.send(data(1, '', true), data(1, Buffer.alloc(30_000)).subarray(0, 20_000));
  expect(session.socket.isPaused()).toBe(false);
});

test('streams share the room: those that are read go on while there is any', async () => {
  const session = new Session({ limits });
  const [stuck, read] = [await session.open(), await session.open()];
  read.resume();
  await session.send(data(stuck.id, Buffer.alloc(8_000)));
  for (let sent = 0; sent < 20; sent++) await session.send(data(read.id, Buffer.alloc(8_000)));
  expect(session.socket.isPaused()).toBe(false);
});

test('a client that reads none of our answers is not read either, and is answered later', async () => {
  const session = new Session({ limits });
  session.socket.stall();
  for (let id = 1; id < 20; id += 2) await session.send(ping(id));
  expect(session.socket.isPaused()).toBe(true);
  session.socket.unstall();
  await settle();
  expect(session.socket.isPaused()).toBe(false);
  expect(session.socket.frames()).toHaveLength(10);
});

test('a write is done when the system took it, so that a slow client slows the writer', async () => {
  const session = new Session();
  const stream = await session.open();
  session.socket.stall();
  expect(stream.write(Buffer.alloc(64 * 1024))).toBe(false);
  await settle();
  expect(stream.writableLength).toBe(64 * 1024);
  session.socket.unstall();
  await settle();
  expect(stream.writableLength).toBe(0);
});

test('one long write lets other streams in between, and stops when it is reset', async () => {
  const session = new Session();
  const [long, short] = [await session.open(), await session.open()];
  session.socket.stall();
  long.write(Buffer.alloc(10 * 1024 * 1024));
  await settle();
  short.write('me too');
  await settle();
  const tail = (): number => session.socket.writableLength;
  expect(tail()).toBeLessThan(600 * 1024);
  long.reset('CANCEL');
  session.socket.unstall();
  await settle();
  const frames = session.socket.frames();
  expect(frames).toContain('DATA 3 me too');
  expect(frames.at(-1)).toBe('RST 1 5');
});

test('while nothing is read, a PING that means nothing finds out whether the client is still there', async () => {
  const session = new Session({ limits });
  const stream = await session.open();
  await session.send(data(1, Buffer.alloc(20_000)));
  await session.clock.advance(15_000);
  expect(session.socket.frames()).toEqual(['PING 2147483647']);
  // It is no sign of life.
  await session.clock.advance(4 * 60 * 60 * 1000);
  expect(stream.destroyed).toBe(true);

  const other = new Session({ limits });
  await other.open();
  await other.send(data(1, Buffer.alloc(20_000)), rstStream(1, 5));
  other.socket.stall();
  other.streams[0]?.write('x');
  await other.clock.advance(60_000);
  expect(other.socket.frames()).toEqual(['DATA 1 x']);
});
