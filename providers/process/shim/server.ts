import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { LineReader } from '../line-reader.ts';
import type { ClientMessage, ShimMessage } from '../protocol.ts';
import { encode, maxLineBytes } from '../protocol.ts';
import type { StateRecord } from '../records.ts';
import { listenPrivately, toWire } from './socket.ts';
import type { Supervisor } from './supervisor.ts';

/** A runtime that reads no more is cut off at this backlog; it connects anew and gets the state of then. */
const maxBacklogBytes = 32 * 1024 * 1024;

/** The shim's side of the protocol: answers calls and tells every connection of every change. */
export class ShimServer {
  readonly #connections = new Set<Socket>();
  readonly #server: Server;
  #supervisor: Supervisor | undefined;

  constructor() {
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** `path` must not exist; it is relative, for a socket's path may have about 100 characters only. */
  async listen(path: string, supervisor: Supervisor): Promise<void> {
    this.#supervisor = supervisor;
    await listenPrivately(this.#server, path);
  }

  publish(state: StateRecord): void {
    for (const socket of this.#connections) send(socket, { state });
  }

  #accept(socket: Socket): void {
    const supervisor = this.#supervisor;
    if (supervisor === undefined) return void socket.destroy();
    const reader = new LineReader(maxLineBytes);
    this.#connections.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#connections.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const line of reader.push(chunk)) this.#receive(JSON.parse(line), socket, supervisor);
      } catch (error) {
        console.error(`a connection sent what is no message: ${String(error)}`);
        socket.destroy();
      }
    });
    send(socket, { state: supervisor.state });
  }

  #receive(message: ClientMessage, socket: Socket, supervisor: Supervisor): void {
    const { id } = message;
    call(supervisor, message)
      .then((result) => send(socket, { id, result }))
      .catch((error: unknown) => send(socket, { id, error: toWire(error) }));
  }
}

async function call(supervisor: Supervisor, message: ClientMessage): Promise<unknown> {
  switch (message.method) {
    case 'start':
      return supervisor.start(message.params);
    case 'stop':
      return supervisor.stop(message.params);
    case 'remove':
      return supervisor.remove(message.params);
    case 'listeners':
      return supervisor.listeners(message.params);
  }
}

function send(socket: Socket, message: ShimMessage): void {
  if (socket.destroyed) return;
  if (socket.writableLength > maxBacklogBytes) return void socket.destroy();
  socket.write(encode(message));
}
