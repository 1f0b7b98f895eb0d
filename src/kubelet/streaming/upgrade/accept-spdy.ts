import type { Upgrade } from './upgrades.ts';

/** Answers the handshake: from here on the connection speaks SPDY/3.1. */
export function acceptSpdy({ socket }: Upgrade, protocol: string): void {
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Connection: Upgrade',
    'Upgrade: SPDY/3.1',
    `X-Stream-Protocol-Version: ${protocol}`,
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
}
