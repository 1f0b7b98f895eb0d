import os from 'node:os';

/** The InternalIP of a node that listens on `host`: that address, or for a wildcard the machine's first outside address. */
export function nodeAddress(host: string): string {
  if (!isWildcard(host)) return host;
  const addresses = Object.values(os.networkInterfaces()).flatMap((list) => list ?? []);
  const outside = addresses.filter(({ internal }) => !internal);
  return (outside.find(({ family }) => family === 'IPv4') ?? outside[0])?.address ?? '127.0.0.1';
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::' || host === '*';
}
