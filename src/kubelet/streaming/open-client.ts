import { createWebSocketStream } from 'ws';
import type { Clock } from '../../telemetry/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import { commandOverSpdy, spdyCommandProtocols } from './over-spdy/command-over-spdy.ts';
import { forwardOverSpdy, spdyForwardProtocol } from './over-spdy/forward-over-spdy.ts';
import { acceptWebSocket } from './over-websocket/accept-websocket.ts';
import {
  type ChannelProtocol,
  commandProtocols,
  forwardProtocols,
  forwardTunnel,
} from './over-websocket/channel-protocol.ts';
import { commandOverWebSocket } from './over-websocket/command-over-websocket.ts';
import { forwardOverWebSocket } from './over-websocket/forward-over-websocket.ts';
import type { CommandClient, ForwardClient } from './session/client.ts';
import type { StreamOptions } from './stream-options.ts';
import { acceptSpdy } from './upgrade/accept-spdy.ts';
import type { Chosen, Offer } from './upgrade/negotiate.ts';
import type { Upgrade } from './upgrade/upgrades.ts';

export interface OpenDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Fires when the server closes. */
  readonly closing: AbortSignal;
}

export const commandOffer: Offer = { webSocket: namesOf(commandProtocols), spdy: spdyCommandProtocols };
export const forwardOffer: Offer = {
  webSocket: [...namesOf(forwardProtocols), forwardTunnel],
  spdy: [spdyForwardProtocol],
};

/** Answers the handshake of exec or attach and gets the client ready. Undefined = it left, or did not do its part. */
export async function openCommand(
  deps: OpenDeps,
  upgrade: Upgrade,
  chosen: Chosen,
  options: StreamOptions,
): Promise<CommandClient | undefined> {
  if (chosen.kind === 'spdy') {
    acceptSpdy(upgrade, chosen.protocol);
    return commandOverSpdy({ ...deps, ...upgrade }, chosen.protocol, options);
  }
  const webSocket = acceptWebSocket(upgrade, chosen.protocol);
  const protocol = protocolOf(commandProtocols, chosen);
  return webSocket && protocol && commandOverWebSocket({ ...deps, webSocket, protocol }, options);
}

/** The same for port-forward. `ports` are those of the query. */
export function openForward(
  deps: OpenDeps,
  upgrade: Upgrade,
  chosen: Chosen,
  ports: readonly number[],
): ForwardClient | undefined {
  if (chosen.kind === 'spdy') {
    acceptSpdy(upgrade, chosen.protocol);
    return forwardOverSpdy({ ...deps, ...upgrade });
  }
  const webSocket = acceptWebSocket(upgrade, chosen.protocol);
  if (webSocket === undefined) return undefined;
  if (chosen.protocol === forwardTunnel)
    return forwardOverSpdy({ ...deps, socket: createWebSocketStream(webSocket), head: new Uint8Array() });
  const protocol = protocolOf(forwardProtocols, chosen);
  return protocol && forwardOverWebSocket({ ...deps, webSocket, protocol }, ports);
}

function namesOf(protocols: readonly ChannelProtocol[]): string[] {
  return protocols.map(({ name }) => name);
}

function protocolOf(protocols: readonly ChannelProtocol[], chosen: Chosen): ChannelProtocol | undefined {
  return protocols.find(({ name }) => name === chosen.protocol);
}
