import type { Server } from 'node:net';
import { createServer } from 'node:net';

/** On systems other than Linux only this loopback address exists, and all sandboxes share it. */
const sharedAddress = '127.0.0.1';
const attempts = 64;

/**
 * An address of 127.0.0.0/8 that no other sandbox in this network namespace has, whichever daemon runs it. The kernel
 * keeps the account: an abstract socket named after the address is held for as long as the shim lives.
 */
export async function claimAddress(random: () => number): Promise<string> {
  if (process.platform !== 'linux') return sharedAddress;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const address = randomLoopback(random);
    if (await hold(address)) return address;
  }
  throw new Error(`none of ${attempts} loopback addresses was free`);
}

/** After the loss of a shim: takes the sandbox's address again. False when another has it by now. */
export async function reclaimAddress(address: string): Promise<boolean> {
  return address === sharedAddress || hold(address);
}

/** 127.0.x.y is left to the machine: its own loopback, resolvers (127.0.0.53), Debian's host name (127.0.1.1). */
function randomLoopback(random: () => number): string {
  const between = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
  return `127.${between(1, 254)}.${between(0, 255)}.${between(1, 254)}`;
}

function hold(address: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server: Server = createServer((socket) => socket.destroy());
    server.once('error', (error) =>
      'code' in error && error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    );
    server.listen(`\0burstlet-address/${address}`, () => resolve(true));
  });
}
