import { mkdtempSync, rmSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Stands before an engine, and cuts streams of processes after so many bytes. */
export class CuttingProxy {
  readonly host: string;
  readonly #folder: string;
  readonly #server: Server;
  /** Bytes of the engine that the next stream of a process lets through; undefined = all. */
  cutAfter: number | undefined;
  /** Bytes that came of the last such stream. */
  seen = 0;

  constructor(engineSocket: string) {
    this.#folder = mkdtempSync(path.join(tmpdir(), 'burstlet-proxy-'));
    const socketPath = path.join(this.#folder, 'engine.sock');
    this.host = `unix://${socketPath}`;
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#serve(client, engineSocket));
    this.#server.listen(socketPath);
  }

  close(): void {
    this.#server.close();
    rmSync(this.#folder, { recursive: true });
  }

  #serve(client: Socket, engineSocket: string): void {
    const engine = connect({ path: engineSocket, allowHalfOpen: true });
    const cut = (): void => {
      client.destroy();
      engine.destroy();
    };
    let room: number | undefined;
    client.once('data', (first: Buffer) => {
      if (!/^POST \S+\/exec\/\w+\/start/.test(first.toString('latin1'))) return;
      room = this.cutAfter;
      this.seen = 0;
    });
    client.on('data', (chunk) => engine.write(chunk));
    engine.on('data', (chunk: Buffer) => {
      this.seen += chunk.length;
      client.write(chunk.subarray(0, room));
      if (room !== undefined && room <= chunk.length) client.end(cut);
      if (room !== undefined) room -= Math.min(room, chunk.length);
    });
    client.on('end', () => engine.end()).on('error', cut);
    engine.on('end', () => client.end()).on('error', cut);
    client.on('close', cut);
    engine.on('close', cut);
  }
}
