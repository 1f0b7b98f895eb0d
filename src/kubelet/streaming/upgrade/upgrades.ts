import { type IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';

/** The connection of a request that asked for another protocol. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What came behind the request already. */
  readonly head: Buffer;
}

/** After so long without a byte the system asks the other end whether it is still there. */
const keepAliveMs = 30_000;

interface Waiting extends Upgrade {
  readonly response: ServerResponse;
}

/**
 * Requests for an upgrade, which Node hands out beside all others: here they go through the same hooks and routes as any
 * request, so that the same door is in front of them, and refusals are plain answers. A route that honours one takes the
 * connection over.
 */
export class Upgrades {
  readonly #waiting = new WeakMap<IncomingMessage, Waiting>();
  readonly #sockets = new Set<Duplex>();

  listen(server: FastifyInstance): void {
    server.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      // From here on the socket has no owner but us.
      socket.on('error', () => socket.destroy());
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      const response = new ServerResponse(request);
      response.shouldKeepAlive = false;
      response.assignSocket(socket as Socket);
      response.once('finish', () => {
        response.detachSocket(socket as Socket);
        socket.end(() => socket.destroy());
      });
      this.#waiting.set(request, { request, socket, head, response });
      server.routing(request, response);
    });
  }

  /** Takes the connection away from HTTP; the answer to the request is up to the caller. Undefined = it is not there (any more). */
  take(request: IncomingMessage): Upgrade | undefined {
    const waiting = this.#waiting.get(request);
    if (waiting === undefined || waiting.socket.destroyed) return undefined;
    this.#waiting.delete(request);
    waiting.response.removeAllListeners('finish');
    const { request: taken, socket, head } = waiting;
    waiting.response.detachSocket(socket as Socket);
    if (socket instanceof Socket) socket.setTimeout(0).setNoDelay(true).setKeepAlive(true, keepAliveMs);
    return { request: taken, socket, head };
  }

  /** Cuts what was taken or still waits. */
  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
