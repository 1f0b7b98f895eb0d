import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { providerErrorKind } from '../../contract/errors.ts';
import { LineReader } from '../line-reader.ts';
import type { ClientMessage, ShimMessage } from '../protocol.ts';
import { encode, maxLineBytes } from '../protocol.ts';
import type { StateRecord } from '../records.ts';
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
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      const umask = process.umask(0o177);
      this.#server.listen(path, resolve);
      process.umask(umask);
    });
    this.#server.on('error', (error) => console.error(`command socket: ${error.message}`));
  }

  publish(state: StateRecord): void {
    for (const socket of this.#connections) send(socket, { state });
  }

  #accept(socket: Socket): void {
    const supervisor = this.#supervisor;
    if (supervisor === undefined) return void socket.destroy();
    const reader = new LineReader(maxLineBytes);
    const execs = new Map<number, AbortController>();
    this.#connections.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      this.#connections.delete(socket);
      for (const exec of execs.values()) exec.abort();
    });
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const line of reader.push(chunk)) this.#receive(JSON.parse(line), socket, execs, supervisor);
      } catch (error) {
        console.error(`a connection sent what is no message: ${String(error)}`);
        socket.destroy();
      }
    });
    send(socket, { state: supervisor.state });
  }

  #receive(
    message: ClientMessage,
    socket: Socket,
    execs: Map<number, AbortController>,
    supervisor: Supervisor,
  ): void {
    if ('cancel' in message) {
      execs.get(message.cancel)?.abort();
      return;
    }
    const { id } = message;
    const abort = new AbortController();
    execs.set(id, abort);
    call(supervisor, message, abort.signal)
      .then((result) => send(socket, { id, result }))
      .catch((error: unknown) => {
        const text = error instanceof Error ? error.message : String(error);
        send(socket, { id, error: { kind: providerErrorKind(error), message: text } });
      })
      .finally(() => execs.delete(id));
  }
}

async function call(
  supervisor: Supervisor,
  message: Exclude<ClientMessage, { cancel: number }>,
  signal: AbortSignal,
): Promise<unknown> {
  switch (message.method) {
    case 'start':
      return supervisor.start(message.params);
    case 'stop':
      return supervisor.stop(message.params);
    case 'remove':
      return supervisor.remove(message.params);
    case 'exec':
      return supervisor.exec(message.params, signal);
  }
}

function send(socket: Socket, message: ShimMessage): void {
  if (socket.destroyed) return;
  if (socket.writableLength > maxBacklogBytes) return void socket.destroy();
  socket.write(encode(message));
}
