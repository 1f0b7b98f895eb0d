import { once } from 'node:events';
import { request } from 'node:http';
import { Duplex } from 'node:stream';

const binary = 2;
const close = 8;

/** A message of a client: binary, masked with zeros. */
export function clientMessage(payload: Uint8Array, opcode = binary): Buffer {
  const header =
    payload.length < 126
      ? [0x80 | opcode, 0x80 | payload.length]
      : [0x80 | opcode, 0x80 | 127, 0, 0, 0, 0, ...uint32(payload.length)];
  return Buffer.concat([Buffer.from(header), Buffer.alloc(4), payload]);
}

/** Reads the messages of a server out of bytes that come in any pieces. */
export class ServerMessages {
  #rest = Buffer.alloc(0);

  /** The payloads of the binary messages that are whole by now. */
  feed(chunk: Uint8Array): Buffer[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const messages: Buffer[] = [];
    for (;;) {
      const short = (this.#rest[1] ?? 0) & 0x7f;
      const offset = short === 127 ? 10 : short === 126 ? 4 : 2;
      if (this.#rest.length < offset) return messages;
      const length =
        short === 127 ? this.#rest.readUInt32BE(6) : short === 126 ? this.#rest.readUInt16BE(2) : short;
      if (this.#rest.length < offset + length) return messages;
      const opcode = (this.#rest[0] ?? 0) & 0x0f;
      if (opcode === binary) messages.push(this.#rest.subarray(offset, offset + length));
      this.#rest = this.#rest.subarray(offset + length);
    }
  }
}

/** A WebSocket as a plain stream of bytes, with a subprotocol of any name, as `ws` would not ask for it. */
export async function connectTunnel(port: number, path: string, protocol: string): Promise<Duplex> {
  const sent = request({
    ...{ port, path },
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'MDEyMzQ1Njc4OWFiY2RlZg==',
      'sec-websocket-protocol': protocol,
    },
  });
  sent.end();
  const [response, socket, head] = await once(sent, 'upgrade');
  if (response.headers['sec-websocket-protocol'] !== protocol) throw new Error('another protocol');
  return tunnelOver(socket, head);
}

function tunnelOver(socket: Duplex, head: Buffer): Duplex {
  const messages = new ServerMessages();
  const tunnel = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      socket.write(clientMessage(chunk), done);
    },
    final: (done) => {
      socket.write(clientMessage(Buffer.alloc(0), close), done);
    },
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  const feed = (chunk: Buffer): void => {
    for (const message of messages.feed(chunk)) tunnel.push(message);
  };
  socket.on('error', () => undefined);
  socket.on('data', feed);
  socket.once('close', () => tunnel.destroy());
  feed(head);
  return tunnel;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
