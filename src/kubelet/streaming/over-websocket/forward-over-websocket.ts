import type { WebSocket } from 'ws';
import type { Clock } from '../../../telemetry/clock.ts';
import type { ForwardClient, ForwardPair } from '../session/client.ts';
import { flushed } from '../session/flushed.ts';
import type { ChannelProtocol } from './channel-protocol.ts';
import { ChannelSocket } from './channel-socket.ts';

/**
 * A client of port-forward over WebSocket channels: the ports stand in the query, and each has a channel for data and the
 * next one for errors, both of which begin with the port in two bytes, the low one first
 * (cri-streaming/pkg/streaming/portforward/websocket.go).
 */
export function forwardOverWebSocket(
  deps: { readonly clock: Clock; readonly webSocket: WebSocket; readonly protocol: ChannelProtocol },
  ports: readonly number[],
): ForwardClient {
  const socket = new ChannelSocket(deps);
  const pairs = ports.map((port, index) => pairOf(socket, port, index));
  return {
    gone: socket.gone,
    destroy: () => socket.destroy(),
    async pairs(take) {
      for (const pair of pairs) take(pair);
    },
    async finish() {
      await flushed(pairs.map(({ connection }) => connection));
      await socket.close();
    },
  };
}

function pairOf(socket: ChannelSocket, port: number, index: number): ForwardPair {
  const [dataChannel, errorChannel] = [2 * index, 2 * index + 1];
  const connection = socket.channel(dataChannel, { readable: true, writable: true });
  const errors = socket.channel(errorChannel, { readable: false, writable: true });
  // There is no half close: a client cannot be told that the port has ended its side, so both sides end at once.
  connection.once('finish', () => connection.ended());
  for (const channel of [dataChannel, errorChannel])
    void socket.send(channel, Buffer.from([port & 0xff, port >> 8])).catch(() => undefined);
  return {
    port,
    connection,
    done(trouble) {
      errors.end(trouble);
      connection.end();
    },
  };
}
