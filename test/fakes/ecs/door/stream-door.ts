import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ExecSession } from '../exec/exec-session.ts';
import type { ExecSessions } from '../exec/exec-sessions.ts';
import type { Keys } from './keys.ts';
import { verifySignature } from './signature.ts';

export interface StreamDoorDeps {
  readonly region: string;
  readonly keys: Keys;
  readonly exec: ExecSessions;
  signingNow(): number;
}

/** The door of ssmmessages: a WebSocket for each session, opened by its signature and then by its token. */
export class StreamDoor {
  readonly #deps: StreamDoorDeps;
  readonly #server = new WebSocketServer({ noServer: true, perMessageDeflate: false });

  constructor(deps: StreamDoorDeps) {
    this.#deps = deps;
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const id = /^\/v1\/data-channel\/([\w-]+)\?role=publish_subscribe(&|$)/.exec(request.url ?? '')?.[1];
    const session = this.#deps.exec.find(id ?? '');
    if (session === undefined) refuse(socket, '404 Not Found');
    else if (!this.#isSigned(request)) refuse(socket, '403 Forbidden');
    else this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#accept(webSocket, session));
  }

  close(): void {
    for (const webSocket of this.#server.clients) webSocket.terminate();
  }

  #isSigned(request: IncomingMessage): boolean {
    const { region, keys, signingNow } = this.#deps;
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    try {
      verifySignature(
        { method: 'GET', url: request.url ?? '/', headers, body: Buffer.alloc(0) },
        { region, service: 'ssmmessages', now: signingNow(), key: (key) => keys.find(key) },
      );
      return true;
    } catch {
      return false;
    }
  }

  #accept(webSocket: WebSocket, session: ExecSession): void {
    const client = {
      send: (message: Buffer) => webSocket.send(message, () => undefined),
      cut: () => webSocket.terminate(),
    };
    let isOpen = false;
    webSocket.on('error', () => webSocket.terminate());
    webSocket.once('close', () => session.disconnect(client));
    webSocket.on('message', (message, isBinary) => {
      if (!Buffer.isBuffer(message)) return;
      this.#deps.exec.touch(session);
      try {
        if (isOpen && isBinary) session.fromClient(message);
        else if (!isOpen && !isBinary && tokenIn(message) === session.token) {
          isOpen = true;
          session.connect(client);
        } else webSocket.close(1008, 'the token does not open this session');
      } catch (error) {
        webSocket.close(1002, String(error).slice(0, 100));
      }
    });
  }
}

/** Of an OpenDataChannel request with all that it needs. */
function tokenIn(message: Buffer): string {
  const request: Record<string, unknown> = JSON.parse(message.toString());
  for (const name of ['MessageSchemaVersion', 'RequestId', 'TokenValue', 'ClientId', 'ClientVersion'])
    if (typeof request[name] !== 'string') throw new Error(`OpenDataChannel without ${name}`);
  return String(request.TokenValue);
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
