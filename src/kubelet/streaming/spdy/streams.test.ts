import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { settle } from '../../../telemetry/fake-clock.ts';
import { StreamResetError } from './errors.ts';
import { control, data, goAway, headerBlock, ping, rstStream, u32 } from './testing/client-frames.ts';
import { Session, textOf } from './testing/session.ts';

test('a stream comes with its headers, and is answered before anything that is written to it', async () => {
  const session = new Session();
  await session.send(session.client.synStream(1, { streamtype: 'stdin', port: '1\x002' }));
  const [stream] = session.streams;
  expect(stream?.id).toBe(1);
  expect(stream?.headers).toEqual(
    new Map([
      ['streamtype', ['stdin']],
      ['port', ['1', '2']],
    ]),
  );
  stream?.write('early ');
  stream?.end('words');
  await settle();
  expect(session.socket.frames()).toEqual([]);
  stream?.reply();
  stream?.reply();
  await settle();
  expect(session.socket.frames()).toEqual(['SYN_REPLY 1', 'DATA 1 early words', 'DATA 1 FIN']);
});

test('what comes before the reply, and before anyone reads, is kept', async () => {
  const session = new Session();
  await session.send(session.client.synStream(1, {}), data(1, 'one '), data(1, 'two', true));
  const [stream] = session.streams;
  stream?.reply();
  expect(await textOf(stream)).toBe('one two');
});

test('each direction ends by itself', async () => {
  const session = new Session();
  const stream = await session.open();
  await session.send(data(1, 'in', true));
  expect(await textOf(stream)).toBe('in');
  stream.end('out');
  await once(stream, 'close');
  expect(session.socket.frames()).toEqual(['DATA 1 out', 'DATA 1 FIN']);

  const other = await session.open();
  other.end();
  await once(other, 'finish');
  await session.send(data(3, 'still'), data(3, ' here', true));
  expect(await textOf(other)).toBe('still here');
  expect(session.socket.frames()).toEqual(['DATA 3 FIN']);
});

test('FIN of SYN_STREAM ends the direction of the client at once', async () => {
  const session = new Session();
  await session.send(session.client.synStream(1, {}, 0x01));
  expect(await textOf(session.streams[0])).toBe('');
});

test('RST_STREAM of the client fails the stream, and is not answered', async () => {
  const session = new Session();
  const stream = await session.open();
  const failed = finished(stream).catch((error: unknown) => error);
  await session.send(data(1, 'x'), rstStream(1, 5), data(1, 'late'), rstStream(1, 5));
  expect(await failed).toEqual(new StreamResetError(5));
  expect(String(await failed)).toContain('the client reset the stream: CANCEL');
  expect(session.socket.frames()).toEqual([]);
});

test('a failure that nobody listens for harms nothing', async () => {
  const session = new Session();
  await session.open();
  await session.send(rstStream(1, 99), ping(1));
  expect(session.socket.frames()).toEqual(['PING 1']);
});

test('reset, destroy and destroy with an error tell the client', async () => {
  const session = new Session();
  const streams = [await session.open(), await session.open(), await session.open()];
  streams[0]?.reset('REFUSED_STREAM');
  streams[1]?.destroy();
  streams[2]?.destroy(new Error('broken'));
  await settle();
  expect(session.socket.frames()).toEqual(['RST 1 3', 'RST 3 5', 'RST 5 6']);
  expect(streams[0]?.errored).toBeNull();
});

test('a stream can be refused without a reply; a write that waited for it is told', async () => {
  const session = new Session();
  await session.send(session.client.synStream(1, {}));
  const [stream] = session.streams;
  const written = new Promise((resolve) => stream?.write('x', resolve));
  stream?.reset('REFUSED_STREAM');
  expect(await written).toBeInstanceOf(Error);
  stream?.reply();
  await settle();
  expect(session.socket.frames()).toEqual(['RST 1 3']);
});

test('odd PINGs are echoed, even ones are answers to nothing', async () => {
  const session = new Session();
  await session.send(ping(1), ping(2), ping(0), ping(0xffff_ffff));
  expect(session.socket.drain().toString('hex')).toBe(
    `${ping(1).toString('hex')}${ping(0xffff_ffff).toString('hex')}`,
  );
});

test('SETTINGS, WINDOW_UPDATE, CREDENTIAL and what has no number are ignored', async () => {
  const session = new Session();
  const settings = control(4, 1, u32(1), u32(7), u32(65_536));
  await session.send(
    settings,
    control(9, 0, u32(1), u32(5)),
    control(10, 0, u32(0)),
    control(999 % 256, 0),
    ping(3),
  );
  expect(session.socket.frames()).toEqual(['PING 3']);
});

test('HEADERS are read, as the blocks behind them refer to them, and can end the stream', async () => {
  const session = new Session();
  const stream = await session.open({ streamtype: 'data' });
  await session.send(session.client.headers(1, { 'x-more': 'streamtype data' }, 0x01));
  await session.send(session.client.synStream(3, { 'x-more': 'streamtype data' }));
  expect(session.streams[1]?.headers.get('x-more')).toEqual(['streamtype data']);
  expect(await textOf(stream)).toBe('');
});

test('errors of one stream reset it and nothing else', async () => {
  const session = new Session({ limits: { streams: 2 } });
  const { client } = session;
  const stream = await session.open();
  await session.send(client.synStreamRaw(3, Buffer.concat([headerBlock({ Upper: 'case' })])));
  await session.send(client.synStream(5, {}, 0x02));
  await session.send(data(6, 'never opened'), data(9, 'nor this'));
  await session.send(client.synStream(7, {}), client.synStream(9, { one: 'too many' }));
  await session.send(client.synStream(9, { again: 'the same' }));
  expect(session.socket.frames()).toEqual(['RST 3 1', 'RST 5 3', 'RST 6 2', 'RST 9 2', 'RST 9 3', 'RST 9 1']);
  expect(session.streams.map(({ id }) => id)).toEqual([1, 7]);
  await session.send(data(1, 'fine', true));
  expect(await textOf(stream)).toBe('fine');
});

test('data behind the last of a stream resets it', async () => {
  const session = new Session();
  const stream = await session.open();
  const failed = finished(stream).catch((error: unknown) => String(error));
  await session.send(data(1, 'a', true), data(1, 'b'));
  expect(session.socket.frames()).toEqual(['RST 1 9']);
  expect(await failed).toContain('a frame after its last');
});

test('an owner that throws loses the stream, not the connection', async () => {
  const session = new Session({
    onStream() {
      throw new Error('no idea');
    },
  });
  await session.send(session.client.synStream(1, {}), ping(1));
  expect(session.socket.frames()).toEqual(['RST 1 6', 'PING 1']);
});

test('streams that are over for both sides free their place', async () => {
  const session = new Session({ limits: { streams: 1 } });
  for (const _ of [1, 2, 3]) {
    const stream = await session.open();
    stream.end();
    await session.send(data(stream.id, '', true));
  }
  expect(session.streams.map(({ id }) => id)).toEqual([1, 3, 5]);
  await session.send(goAway());
});
