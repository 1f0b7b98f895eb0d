import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { runSession } from './run-session.ts';
import type { ExecSessions } from './sessions.ts';

const largestMessage = 32 * 1024 * 1024;

/** Opens `/exec/?s=...` as WebSockets. The session is the right: nothing else is asked for. */
export function openDoor(server: Server, sessions: ExecSessions): void {
  const webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: largestMessage,
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const url = new URL(request.url ?? '/', 'http://localhost');
    // What the platform would choose among subprotocols is not known: nobody may count on it.
    const isPlain = request.headers['sec-websocket-protocol'] === undefined;
    const session =
      url.pathname === '/exec/' && isPlain ? sessions.take(url.searchParams.get('s') ?? '') : undefined;
    if (session === undefined) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', () => webSocket.terminate());
      sessions.opened++;
      sessions.open.add(webSocket);
      webSocket.once('close', () => sessions.open.delete(webSocket));
      runSession(session, webSocket, sessions).catch(() => webSocket.terminate());
    });
  });
}
