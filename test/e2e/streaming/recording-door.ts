import { once } from 'node:events';
import { connect, createServer, type TLSSocket } from 'node:tls';
import type { SharedControlPlane } from '../support/global-setup.ts';

/** The head of a request, as it came. */
export interface Head {
  /** `GET /exec/...` */
  readonly request: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
}

/**
 * Stands between the API server and the API of a node, notes the first request of each connection and passes everything
 * on. The client certificate of the API server ends here; a token of an administrator takes its place.
 */
export class RecordingDoor {
  readonly heads: Head[] = [];
  readonly port: number;
  readonly #close: () => void;

  private constructor(port: number, heads: Head[], close: () => void) {
    this.port = port;
    this.heads = heads;
    this.#close = close;
  }

  static async open(
    { serving, token }: Pick<SharedControlPlane, 'serving' | 'token'>,
    nodePort: number,
  ): Promise<RecordingDoor> {
    const heads: Head[] = [];
    const sockets = new Set<TLSSocket>();
    const server = createServer({ cert: serving.certPem, key: serving.keyPem }, (client) => {
      const node = connect({ port: nodePort, host: '127.0.0.1', rejectUnauthorized: false });
      const leave = (): void => {
        client.destroy();
        node.destroy();
      };
      for (const socket of [client, node]) {
        sockets.add(socket);
        socket.on('error', leave).on('close', () => {
          sockets.delete(socket);
          leave();
        });
      }
      node.pipe(client);
      void passHead(client, node, token, heads).then(() => client.pipe(node), leave);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    return new RecordingDoor(port, heads, () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
  }

  close(): void {
    this.#close();
  }
}

async function passHead(client: TLSSocket, node: TLSSocket, token: string, heads: Head[]): Promise<void> {
  let bytes = Buffer.alloc(0);
  for (;;) {
    const [chunk] = (await once(client, 'data')) as [Buffer];
    bytes = Buffer.concat([bytes, chunk]);
    const end = bytes.indexOf('\r\n\r\n');
    if (end < 0) continue;
    client.pause();
    const [request = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
    const pairs = lines.map((line) => line.split(': ', 2) as [string, string]);
    heads.push({ request, headers: new Map(pairs.map(([name, value]) => [name.toLowerCase(), value])) });
    node.write(`${[request, `Authorization: Bearer ${token}`, ...lines].join('\r\n')}\r\n\r\n`);
    node.write(bytes.subarray(end + 4));
    return;
  }
}
