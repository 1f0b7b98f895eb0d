import type { IncomingMessage } from 'node:http';
import { type Duplex, duplexPair } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { FakeClock, settle } from '../../../telemetry/fake-clock.ts';
import { clientMessage, ServerMessages } from '../testing/raw-websocket.ts';
import { acceptWebSocket } from './accept-websocket.ts';
import { commandProtocols } from './channel-protocol.ts';
import { ChannelSocket } from './channel-socket.ts';

const readable = { readable: true, writable: false };
const writable = { readable: false, writable: true };

/** A socket of protocol v5 whose client is this test; nothing but the two ends holds any bytes. */
function open(): { clock: FakeClock; socket: ChannelSocket; client: Duplex } {
  const [ours, client] = duplexPair();
  const headers = {
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'MDEyMzQ1Njc4OWFiY2RlZg==',
  };
  const request = { method: 'GET', headers } as unknown as IncomingMessage;
  const upgrade = { request, socket: ours, head: Buffer.alloc(0) };
  const webSocket = acceptWebSocket(upgrade, 'v5.channel.k8s.io');
  const protocol = commandProtocols[0];
  if (webSocket === undefined || protocol === undefined) throw new Error('no WebSocket');
  const clock = new FakeClock();
  return { clock, client, socket: new ChannelSocket({ clock, webSocket, protocol }) };
}

/** Reads what the server has sent by now, without the answer to the handshake. */
function reader(client: Duplex): () => Buffer[] {
  const messages = new ServerMessages();
  let begun = false;
  return () => {
    const bytes: Buffer = client.read() ?? Buffer.alloc(0);
    const start = begun ? 0 : bytes.indexOf('\r\n\r\n') + 4;
    begun = true;
    return messages.feed(bytes.subarray(start));
  };
}

const mebibyte = 1024 * 1024;

/** Writes until there is no room any more; the bytes that were taken. */
async function fill(to: Duplex, chunk: Buffer): Promise<number> {
  let bytes = 0;
  while (bytes < 32 * mebibyte && !to.writableNeedDrain) {
    to.write(chunk);
    bytes += chunk.length;
    await settle();
  }
  return bytes;
}

describe('back-pressure', () => {
  test('a client that does not read holds up the writer', async () => {
    const { client, socket } = open();
    const stdout = socket.channel(1, writable);
    const written = await fill(stdout, Buffer.alloc(65_536));
    expect(written).toBeLessThan(mebibyte);

    const read = reader(client);
    let taken = 0;
    stdout.end();
    stdout.once('finish', () => void socket.send(3, Buffer.from('last')));
    for (let last = ''; last !== '\u0003last'; await settle())
      for (const message of read()) {
        last = message.length < 10 ? message.toString() : '';
        taken += last === '' ? message.length - 1 : 0;
      }
    expect(taken).toBe(written);
    client.destroy();
  });

  test('a process that does not read holds up the client', async () => {
    const { client, socket } = open();
    const stdin = socket.channel(0, readable);
    client.resume();
    const message = clientMessage(Buffer.alloc(65_536));
    const sent = await fill(client, message);
    expect(sent).toBeLessThan(mebibyte);

    let read = 0;
    stdin.on('data', (chunk: Buffer) => {
      read += chunk.length;
    });
    client.write(clientMessage(Uint8Array.of(255, 0)));
    await new Promise((resolve) => stdin.once('end', resolve));
    expect(read).toBe((sent / message.length) * 65_535);
    client.destroy();
  });

  test('a reader that gives up holds nothing up', async () => {
    const { client, socket } = open();
    const stdin = socket.channel(0, readable);
    client.resume();
    await fill(client, clientMessage(Buffer.alloc(65_536)));
    stdin.destroy();
    await new Promise((resolve) => client.once('drain', resolve));
    client.destroy();
  });
});

describe('a connection that is idle', () => {
  test('is asked every 10 s whether it lives, and ends after 4 h of silence', async () => {
    const { clock, client, socket } = open();
    client.on('data', () => undefined);
    await clock.advance(4 * 3_600_000 - 1);
    expect(socket.gone.aborted).toBe(false);
    const ended = new Promise((resolve) => socket.gone.addEventListener('abort', resolve));
    await clock.advance(1);
    // The answer to the close message, and the end.
    client.end(clientMessage(Uint8Array.of(3, 233), 8));
    await ended;
    expect(clock.pending).toBe(0);
  });

  test('stays while the client answers', async () => {
    const { clock, client, socket } = open();
    let pings = 0;
    client.on('data', (chunk: Buffer) => {
      if (chunk[0] !== 0x89) return;
      pings++;
      client.write(clientMessage(new Uint8Array(), 10));
    });
    await clock.advance(4 * 60_000);
    expect(pings).toBe(24);
    await clock.advance(4 * 3_600_000);
    expect(socket.gone.aborted).toBe(false);
    client.destroy();
  });
});
