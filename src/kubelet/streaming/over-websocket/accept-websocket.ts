import { type WebSocket, WebSocketServer } from 'ws';
import type { Upgrade } from '../upgrade/upgrades.ts';

/** As much as a kubelet takes in one message; clients send some kilobytes, but none is bound to. */
const maxMessageBytes = 32 * 1024 * 1024;

/**
 * Answers the handshake; listeners must be added before anything else is awaited. The subprotocol was chosen before: `ws`
 * would choose among those that are valid by its rules, and `SPDY/3.1+portforward.k8s.io` is not. Undefined = the connection is
 * lost.
 */
export function acceptWebSocket(upgrade: Upgrade, protocol: string): WebSocket | undefined {
  const { request, socket, head } = upgrade;
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
  });
  delete request.headers['sec-websocket-protocol'];
  if (protocol !== '') server.on('headers', (headers) => headers.push(`Sec-WebSocket-Protocol: ${protocol}`));
  let accepted: WebSocket | undefined;
  server.handleUpgrade(request, socket, head, (webSocket) => {
    accepted = webSocket;
  });
  if (accepted === undefined) socket.destroy();
  return accepted;
}
