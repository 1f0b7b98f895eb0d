import { connect, createServer, type Server, type Socket } from 'node:net';

export interface Cut {
  /** The direction whose bytes are counted. */
  readonly direction: 'toServer' | 'toClient';
  /** The connection breaks behind so many of them. */
  readonly bytes: number;
}

/** A TCP proxy that breaks each connection where it is told. For tests. */
export class CuttingProxy {
  readonly #server: Server;
  #cut: Cut | undefined;

  constructor(target: number) {
    this.#server = createServer((client) => join(client, connect(target, '127.0.0.1'), this.#cut));
  }

  listen(): Promise<number> {
    return new Promise((resolve) =>
      this.#server.listen(0, '127.0.0.1', () => {
        const address = this.#server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      }),
    );
  }

  /** For the next connections. */
  set cut(cut: Cut) {
    this.#cut = cut;
  }

  close(): void {
    this.#server.close();
  }
}

function join(client: Socket, server: Socket, cut: Cut | undefined): void {
  const breakBoth = (): void => {
    client.destroy();
    server.destroy();
  };
  for (const socket of [client, server]) socket.on('error', breakBoth).on('close', breakBoth);
  pass(client, server, cut?.direction === 'toServer' ? cut.bytes : undefined, breakBoth);
  pass(server, client, cut?.direction === 'toClient' ? cut.bytes : undefined, breakBoth);
}

function pass(from: Socket, to: Socket, bytes: number | undefined, breakBoth: () => void): void {
  let left = bytes ?? Number.POSITIVE_INFINITY;
  from.on('data', (chunk: Buffer) => {
    const part = chunk.subarray(0, left);
    left -= part.length;
    if (left > 0) to.write(part);
    else to.write(part, () => breakBoth());
  });
  from.on('end', () => to.end());
}
