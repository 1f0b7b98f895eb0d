import type { WebSocket } from 'ws';
import type { Clock } from '../../../telemetry/clock.ts';
import type { CommandClient } from '../session/client.ts';
import { flushed } from '../session/flushed.ts';
import { statusBytes } from '../session/status.ts';
import { TerminalSizes } from '../session/terminal-sizes.ts';
import type { StreamOptions } from '../stream-options.ts';
import type { ChannelProtocol } from './channel-protocol.ts';
import { ChannelSocket } from './channel-socket.ts';

const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 };
const fromClient = { readable: true, writable: false };
const toClient = { readable: false, writable: true };

/** A client of exec or attach over WebSocket channels (cri-streaming/pkg/streaming/remotecommand/websocket.go). */
export function commandOverWebSocket(
  deps: { readonly clock: Clock; readonly webSocket: WebSocket; readonly protocol: ChannelProtocol },
  options: StreamOptions,
): CommandClient {
  const socket = new ChannelSocket(deps);
  const { protocol } = deps;
  const stdin = options.stdin ? socket.channel(channels.stdin, fromClient) : undefined;
  const stdout = options.stdout ? socket.channel(channels.stdout, toClient) : undefined;
  const stderr = options.stderr ? socket.channel(channels.stderr, toClient) : undefined;
  const sizes = options.tty ? new TerminalSizes(socket.channel(channels.resize, fromClient)) : undefined;
  if (!protocol.halfClose) {
    // Old clients take it as a sign that the connection stands.
    const lowest = stdout ? channels.stdout : stderr ? channels.stderr : channels.error;
    void socket.send(lowest, new Uint8Array()).catch(() => undefined);
  }
  return {
    gone: socket.gone,
    destroy: () => socket.destroy(),
    streams: {
      ...(stdin && { stdin }),
      ...(stdout && { stdout }),
      ...(stderr && { stderr }),
      ...(sizes && { sizes }),
    },
    async finish(status) {
      await flushed([stdout, stderr]);
      const bytes = statusBytes(status, protocol.status);
      if (bytes.length > 0) await socket.send(channels.error, bytes).catch(() => undefined);
      await socket.close();
    },
  };
}
